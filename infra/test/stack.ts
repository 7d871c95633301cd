// The stack as the tests make it, and its template in words.

import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";

import { Riffle } from "../src/riffle.ts";
import { settingsOf } from "../src/settings.ts";

export const FUNCTIONS = [
  ...["websocket-authorizer", "websocket-connect", "websocket-disconnect", "websocket-default", "api"],
  ...["scan-dispatcher", "scan-worker", "scan-finisher", "scan-quarantine", "scan-sweeper", "scan-scheduler"],
  ...["s3-event-handler", "file-processor-consumer", "categorization-consumer", "analytics-consumer"],
  ...["audit-consumer", "error-consumer", "ingest-sweeper"],
];

/** Of the ingest flow: a queue each, and dead letters of its own. */
export const STAGES = ["file-uploads", "file-processor", "categorization", "analytics", "audit", "errors"];

/** Which part of the stack a function belongs to. */
export function folder(name: string): string {
  if (name.startsWith("scan-")) return "scan";
  return /^(websocket-|api$)/.test(name) ? "clients" : "ingest";
}

/** Whether it belongs to a flow of ours or to what people talk to. */
export const isOurs = (at: string) => /^(scan|ingest|clients)\//.test(at);

/** Functions and a page that are nothing: no template depends on what is in them. */
function nothing(): { functions: string; pageFiles: string } {
  const folder = mkdtempSync(path.join(tmpdir(), "riffle-infra-"));
  const write = (name: string) => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), "nothing");
  };
  for (const name of FUNCTIONS) write(`functions/${name}/bootstrap`);
  for (const name of ["page/index.html", "page/assets/page.js"]) write(name);
  return { functions: path.join(folder, "functions"), pageFiles: path.join(folder, "page") };
}

const stubs = nothing();

export function appOf(context: Record<string, unknown> = {}): { app: App; stack: Riffle } {
  const flags = {
    // As cdk.json says.
    "@aws-cdk/aws-iam:minimizePolicies": true,
    // Resources are told apart by their path here; where they were made takes long to find out.
    "aws:cdk:enable-path-metadata": true,
    "aws:cdk:disable-stack-trace": true,
  };
  const app = new App({ context: { ...flags, ...stubs, ...context }, analyticsReporting: false });
  return { app, stack: new Riffle(app, "Riffle", settingsOf(app)) };
}

export class Seen {
  readonly template: Template;
  readonly stack: Riffle;

  constructor(context: Record<string, unknown> = {}) {
    this.stack = appOf(context).stack;
    this.template = Template.fromStack(this.stack);
  }

  /** Properties of all resources of a type, by the path of what made them: `scan/scan-worker/function`. */
  all(type: string): Map<string, Properties> {
    const found = Object.values(this.template.findResources(type));
    return new Map(found.map((one) => [pathOf(one), one.Properties ?? {}]));
  }

  one(type: string, at: string): Properties {
    const found = this.all(type).get(at);
    if (found === undefined) throw new Error(`no ${type} at ${at}, but ${[...this.all(type).keys()].join(", ")}`);
    return found;
  }

  /** A value with what it refers to by path: `{buckets/objects/bucket.Arn}/codes/*`. */
  words(value: unknown): string {
    if (typeof value === "string") return value;
    const [kind, inner] = Object.entries(value as Record<string, unknown>)[0] ?? [];
    if (kind === "Ref") return `{${this.named(inner as string)}}`;
    if (kind === "Fn::GetAtt") {
      const [id, attribute] = inner as [string, string];
      return `{${this.named(id)}.${attribute}}`;
    }
    if (kind === "Fn::Join") return (inner as [string, unknown[]])[1].map((part) => this.words(part)).join("");
    return JSON.stringify(value);
  }

  /** What a role may do: `action resource`, sorted, and whether a condition stands with it. */
  rights(role: string): string[] {
    const roleId = this.idOf("AWS::IAM::Role", role);
    const lines = new Set<string>();
    for (const policy of this.all("AWS::IAM::Policy").values()) {
      const roles = policy.Roles as { Ref: string }[];
      if (!roles.some(({ Ref }) => Ref === roleId)) continue;
      for (const statement of (policy.PolicyDocument as { Statement: Statement[] }).Statement) {
        if (statement.Effect !== "Allow") continue;
        for (const action of [statement.Action].flat()) {
          for (const resource of [statement.Resource].flat()) {
            lines.add(`${action} ${this.words(resource)}${statement.Condition ? " if" : ""}`);
          }
        }
      }
    }
    return [...lines].sort();
  }

  private idOf(type: string, at: string): string {
    const found = Object.entries(this.template.findResources(type)).find(([, one]) => pathOf(one) === at);
    if (found === undefined) throw new Error(`no ${type} at ${at}`);
    return found[0];
  }

  private named(id: string): string {
    const found = this.template.toJSON().Resources[id];
    return found === undefined ? id : pathOf(found);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a template is of any shape, and an assertion names the one it means.
export type Properties = Record<string, any>;
type Statement = { Effect: string; Action: string | string[]; Resource: unknown; Condition?: unknown };

function pathOf(resource: Properties): string {
  const made: string = resource.Metadata?.["aws:cdk:path"] ?? "";
  return made.replace(/^Riffle\//, "").replace(/\/Resource$/, "");
}
