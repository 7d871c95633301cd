// The programs and the page, which are built outside this app. In a comparison, placeholders replace missing builds.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type CfnResource, Fn, Stack, Token } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";

import type { Settings } from "../settings.ts";

/** Returns the code of a function. */
export function programOf(name: string, { functions, purpose }: Settings): lambda.Code {
  const folder = path.join(functions, name);
  if (existsSync(path.join(folder, "bootstrap"))) return lambda.Code.fromAsset(folder);
  if (purpose !== "diff") throw new Error(`${folder}/bootstrap is missing: scripts/functions builds it`);
  return new NotBuilt();
}

/**
 * A key in the CDK's asset bucket, so that a comparison shows no other difference. No such object exists: an accidental
 * deployment fails.
 */
class NotBuilt extends lambda.Code {
  override bind(scope: Construct): lambda.CodeConfig {
    const { region } = Stack.of(scope);
    const filledIn = (name: string) => `\${AWS::${name}}`;
    const place = `${filledIn("AccountId")}-${Token.isUnresolved(region) ? filledIn("Region") : region}`;
    return { s3Location: { bucketName: Fn.sub(`cdk-hnb659fds-assets-${place}`), objectKey: "not-built.zip" } };
  }

  /** Adds the same metadata as a built program has. */
  override bindToResource(resource: CfnResource): void {
    const noted = { path: "not-built", "is-bundled": false, property: "Code" };
    for (const [name, value] of Object.entries(noted)) resource.addMetadata(`aws:asset:${name}`, value);
  }
}

/** Returns the folder of the page's files. */
export function pageOf(files: string, { purpose }: Settings): string {
  if (existsSync(path.join(files, "index.html"))) return files;
  if (purpose !== "diff") throw new Error(`${files}/index.html is missing: scripts/dashboard builds it`);
  const folder = mkdtempSync(path.join(tmpdir(), "riffle-page-"));
  mkdirSync(path.join(folder, "assets"));
  for (const name of ["index.html", "assets/page.js"]) writeFileSync(path.join(folder, name), "not built");
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
