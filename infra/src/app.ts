// Reads the settings, creates the stack and checks it with cdk-nag.

import { fileURLToPath } from "node:url";
import { App, CfnResource, Stack, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";

import { Riffle } from "./riffle.ts";
import { placeOf, purposeOf, settingsOf } from "./settings.ts";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const app = new App();
const { name, props } = placeOf(app);
if (purposeOf(app) === "place") {
  // CloudFormation rejects this resource type, so that an accidental deployment does not change an existing stack.
  new CfnResource(new Stack(app, name, props), "nothing", { type: "Riffle::Is::NotDeployed" });
} else {
  new Riffle(app, name, settingsOf(app), props);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
}
app.synth();
