// What is built beside this app: programs and the page. A comparison takes what there is, and stands in for the rest.

import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type CfnResource, Fn, Stack, Token } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";

import type { Settings } from "../settings.ts";

/** The program of a function. */
export function programOf(name: string, { functions, purpose }: Settings): lambda.Code {
  const folder = path.join(functions, name);
  if (existsSync(path.join(folder, "bootstrap"))) return lambda.Code.fromAsset(folder);
  if (purpose !== "diff") throw new Error(`${folder}/bootstrap is missing: scripts/functions builds it`);
  return new NotBuilt();
}

/**
 * In the bucket where programs are, written as the CDK writes it, so that only the key differs. There is no such object:
 * deployed by mistake, it is refused.
 */
class NotBuilt extends lambda.Code {
  override bind(scope: Construct): lambda.CodeConfig {
    const { region } = Stack.of(scope);
    const filledIn = (name: string) => `\${AWS::${name}}`;
    const place = `${filledIn("AccountId")}-${Token.isUnresolved(region) ? filledIn("Region") : region}`;
    return { s3Location: { bucketName: Fn.sub(`cdk-hnb659fds-assets-${place}`), objectKey: "not-built.zip" } };
  }

  /** As the CDK notes a program that is there. */
  override bindToResource(resource: CfnResource): void {
    const noted = { path: "not-built", "is-bundled": false, property: "Code" };
    for (const [name, value] of Object.entries(noted)) resource.addMetadata(`aws:asset:${name}`, value);
  }
}

/** The folder of the page's files. */
export function pageOf(files: string, { purpose }: Settings): string {
  if (existsSync(path.join(files, "index.html"))) return files;
  if (purpose !== "diff") throw new Error(`${files}/index.html is missing: scripts/dashboard builds it`);
  const folder = mkdtempSync(path.join(tmpdir(), "riffle-page-"));
  mkdirSync(path.join(folder, "assets"));
  for (const name of ["index.html", "assets/page.js"]) writeFileSync(path.join(folder, name), "not built");
  return folder;
}
