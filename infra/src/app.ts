// Reads the settings, makes the stack, and holds it against the rules of cdk-nag.

import { fileURLToPath } from "node:url";
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";

import { Riffle } from "./riffle.ts";
import { placeOf, settingsOf } from "./settings.ts";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const app = new App();
const { name, props } = placeOf(app);
new Riffle(app, name, settingsOf(app), props);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();
