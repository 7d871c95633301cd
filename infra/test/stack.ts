// Synthesizes stacks for tests and reads their templates. Each stack is synthesized once.

import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { App, Duration } from "aws-cdk-lib";

import { Flow } from "../src/flows/flow.ts";
import { MAKERS, type Maker } from "../src/flows/index.ts";
import { Riffle, type RiffleProps } from "../src/riffle.ts";
import { placeOf, settingsOf } from "../src/settings.ts";
import { type FlowDescription, functionsOf, TOPOLOGY } from "../src/topology.ts";
import { NOTES } from "./notes.ts";

const CLIENTS = TOPOLOGY.common.map((stage) => stage.function);
const BY_FLOW = new Map(TOPOLOGY.flows.map((flow) => [flow.name, functionsOf(flow)]));
export const FUNCTIONS = [...CLIENTS, ...[...BY_FLOW.values()].flat()];

/** Returns the part of the stack that a function belongs to. */
export function folder(name: string): string {
  if (CLIENTS.includes(name)) return "clients";
  const [flow] = [...BY_FLOW].find(([, functions]) => functions.includes(name)) ?? [];
  return `${flow}/functions`;
}

/** Returns whether a resource belongs to a flow or to the functions behind the APIs. */
export const isOurs = (at: string) => ["clients", ...BY_FLOW.keys()].includes(at.split("/")[0] ?? "");

/** A flow that is only described here. */
export const DEMO: FlowDescription = {
  name: "demo",
  title: "Demo",
  stages: [
    {
      function: "demo-receiver",
      trigger: { kind: "bucket", prefix: "demo/" },
      queue: {
        ...{ name: "demo-uploads", url_output: "DemoUploadsQueueUrl" },
        ...{ batch: 3, max_receives: 4, move_to: { function: "demo-teller", queue: "demo-telling" } },
      },
    },
    {
      function: "demo-teller",
      trigger: { kind: "bus", flow: "demo", types: ["demo.received"] },
      queue: {
        ...{ name: "demo-telling", url_output: "DemoTellingQueueUrl" },
        ...{ batch: 7, max_receives: 6 },
        dead_letters: {
          name: "demo-telling-dead-letters",

          url_output: "DemoTellingDeadLettersUrl",
        },
      },
    },
  ],
  sweeper: "demo-sweeper",
  schedules: [],
};

export const demo: Maker = (scope, description, platform) => {
  const sizes = { does: "Nothing", memory: 128, seconds: 10 };
  const queue = { concurrency: 2, alarm: { depth: 10, age: Duration.minutes(5) } };
  const flow = new Flow(scope, description, platform, {
    "demo-receiver": { ...sizes, queue },
    "demo-teller": { ...sizes, queue },
    "demo-sweeper": sizes,
  });
  platform.bus.from(flow.function("demo-receiver"));
  flow.send(flow.function("demo-sweeper"), "demo-uploads");
  flow.watch();
  return flow;
};

/** Empty builds of functions and page: no template depends on their content. */
function nothing(): { functions: string; pageFiles: string } {
  const folder = mkdtempSync(path.join(tmpdir(), "riffle-infra-"));
  const write = (name: string) => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), "nothing");
  };
  for (const name of [...FUNCTIONS, ...functionsOf(DEMO), ...functionsOf(NOTES)]) write(`functions/${name}/bootstrap`);
  for (const name of ["page/index.html", "page/assets/page.js"]) write(name);
  return { functions: path.join(folder, "functions"), pageFiles: path.join(folder, "page") };
}

const stubs = nothing();

export function appOf(context: Record<string, unknown> = {}, props?: RiffleProps): App {
  const flags = {
    // As in cdk.json.
    "@aws-cdk/aws-iam:minimizePolicies": true,
    // Resources are identified by their path here; stack traces of their creation are slow.
    "aws:cdk:enable-path-metadata": true,
    // The metadata names the template file of a nested stack.
    "aws:cdk:enable-asset-metadata": true,
    "aws:cdk:disable-stack-trace": true,
  };
  const app = new App({ context: { ...flags, ...stubs, ...context }, analyticsReporting: false });
  const place = placeOf(app);
  new Riffle(app, place.name, settingsOf(app), { ...place.props, ...props });
  return app;
}

/** As many settings as can be combined, because each synthesis takes time. */
export const CHOSEN = {
  domain: { name: "riffle.example.org", certificateArn: "arn:aws:acm:us-east-1:111111111111:certificate/1" },
  origins: "http://localhost:5173",
  ocr: "textract",
  googleDrive: "true",
  trail: "true",
  alarmEmail: "riffle@example.org",
  noticeEmail: "riffle@example.org",
  scheduledScans: [{ name: "daily", schedule: "rate(1 day)", tenant: "acme", prefix: "", codes: ["HOLE-1"] }],
};

/** The remaining settings, and other values of some. */
export const OTHERWISE = {
  days: JSON.stringify({ archive: 0, statements: 365, uploaded: 7, reports: 90 }),
  concurrency: JSON.stringify({ "scan-work": 100 }),
  processingMode: "direct",
  restorePrefix: "restored/",
  pageOrigin: "https://riffle.example.org",
  identities: { issuer: "https://id.example.org", audience: "riffle", domain: "https://id.example.org" },
  scheduledScans: [
    { name: "daily", schedule: "rate(1 day)", tenant: "acme", prefix: "in/", codesKey: "codes/daily.txt" },
  ],
};

/** The stack as scripts/emulator deploys it. */
export const EMULATED = { endpoint: "https://127.0.0.1:4566", fullMonitoring: "false", pageFiles: "off" };

interface Template {
  Resources: Record<
    string,
    { Type: string; DependsOn?: string | string[]; Properties?: Properties; Metadata?: Record<string, string> }
  >;
  Parameters?: Record<string, unknown>;
  Outputs?: Record<string, { Value: unknown; Export?: unknown }>;
}

/** A template, and the resource in the parent template that nests it. */
interface Part {
  template: Template;
  parent?: { part: Part; values: Record<string, unknown> };
  children: Map<string, Part>;
}

/**
 * The stack with its nested stacks as one: parameters are replaced by their values, and a resource is named by the path
 * of its construct, `scan/functions/scan-worker/function`.
 */
export class Seen {
  /** Resources by path; `after` are dependencies other than references. */
  readonly resources = new Map<string, { type: string; properties: Properties; after: string[] }>();
  readonly outputs: Record<string, unknown> = {};
  /** Export names. */
  readonly exports: unknown[] = [];
  /** The quantities that CloudFormation limits, by template. */
  readonly counts: Record<string, { resources: number; parameters: number; outputs: number; bytes: number }> = {};
  /** Resources of one template that depend on one another: CloudFormation would reject them. */
  circle: string[] | undefined;

  private static readonly made = new Map<string, Seen>();

  static of(context: Record<string, unknown> = {}): Seen {
    const key = JSON.stringify(context);
    const seen = Seen.made.get(key) ?? new Seen(appOf(context));
    Seen.made.set(key, seen);
    return seen;
  }

  /** Returns the stack with one flow in addition to those of shared/topology. */
  static with(flow: FlowDescription, make: Maker): Seen {
    const topology = { ...TOPOLOGY, flows: [...TOPOLOGY.flows, flow] };
    return new Seen(appOf({}, { topology, makers: { ...MAKERS, [flow.name]: make } }));
  }

  private constructor(app: App) {
    const assembly = app.synth();
    const [made] = assembly.stacks;
    if (made === undefined) throw new Error("the app has no stack");
    const root = partOf(made.template as Template, (file) => path.join(assembly.directory, file));
    this.add(made.stackName, root);
    for (const [name, { Value }] of Object.entries(root.template.Outputs ?? {})) {
      this.outputs[name] = named(root, Value);
    }
  }

  /** Returns the properties of all resources of a type. */
  all(type: string): Map<string, Properties> {
    const found = [...this.resources].filter(([, one]) => one.type === type);
    return new Map(found.map(([at, one]) => [at, one.properties]));
  }

  one(type: string, at: string): Properties {
    const found = this.all(type).get(at);
    if (found === undefined) throw new Error(`no ${type} at ${at}, but ${[...this.all(type).keys()].join(", ")}`);
    return found;
  }

  /** Returns a value with references as paths: `{buckets/objects/bucket.Arn}/codes/*`. */
  words(value: unknown): string {
    if (typeof value === "string") return value;
    const [kind, inner] = Object.entries(value as Record<string, unknown>)[0] ?? [];
    if (kind === "Ref") return `{${inner}}`;
    if (kind === "Fn::GetAtt") return `{${(inner as [string, string]).join(".")}}`;
    if (kind === "Fn::Join") return (inner as [string, unknown[]])[1].map((part) => this.words(part)).join("");
    return JSON.stringify(value);
  }

  /** Returns the grants of a role as sorted `action resource`, with a mark if there is a condition. */
  rights(role: string): string[] {
    this.one("AWS::IAM::Role", role);
    const lines = new Set<string>();
    // Statements beyond the 10 KB limit of a role's inline policy are in further policies.
    const further = [...this.all("AWS::IAM::ManagedPolicy")].filter(([at]) => at.includes("/OverflowPolicy"));
    for (const policy of [...this.all("AWS::IAM::Policy").values(), ...further.map(([, policy]) => policy)]) {
      const roles = policy.Roles as { Ref: string }[];
      if (!roles.some(({ Ref }) => Ref === role)) continue;
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

  private add(name: string, part: Part): void {
    this.circle ??= circleOf(part.template);
    const { Resources, Parameters = {}, Outputs = {} } = part.template;
    const count = (of: object) => Object.keys(of).length;
    const counts = { resources: count(Resources), parameters: count(Parameters), outputs: count(Outputs) };
    this.counts[name] = { ...counts, bytes: JSON.stringify(part.template).length };
    this.exports.push(...Object.values(Outputs).flatMap((output) => output.Export ?? []));
    for (const resource of Object.values(part.template.Resources)) {
      const properties = named(part, resource.Properties ?? {}) as Properties;
      const after = [resource.DependsOn ?? []].flat().flatMap((id) => Resources[id] ?? []);
      this.resources.set(pathOf(resource), { type: resource.Type, properties, after: after.map(pathOf) });
    }
    for (const [child, nested] of part.children) this.add(child, nested);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a template is of any shape, and an assertion names the one it means.
export type Properties = Record<string, any>;
type Statement = { Effect: string; Action: string | string[]; Resource: unknown; Condition?: unknown };

function partOf(template: Template, fileOf: (asset: string) => string, parent?: Part["parent"]): Part {
  const part: Part = { template, children: new Map(), ...(parent && { parent }) };
  for (const [id, { Type, Properties, Metadata }] of Object.entries(template.Resources)) {
    if (Type !== "AWS::CloudFormation::Stack") continue;
    const nested = JSON.parse(readFileSync(fileOf(Metadata?.["aws:asset:path"] ?? ""), "utf8")) as Template;
    part.children.set(id, partOf(nested, fileOf, { part, values: Properties?.Parameters ?? {} }));
  }
  return part;
}

/** Returns a value of a template with resource paths instead of logical ids. */
function named(part: Part, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => named(part, one));
  if (typeof value !== "object" || value === null) return value;
  if ("Ref" in value && Object.keys(value).length === 1) {
    const id = value.Ref as string;
    const told = part.parent?.values[id];
    if (part.parent && told !== undefined) return named(part.parent.part, told);
    const resource = part.template.Resources[id];
    return { Ref: resource === undefined ? id : pathOf(resource) };
  }
  if ("Fn::GetAtt" in value) {
    const [id, attribute] = value["Fn::GetAtt"] as [string, string];
    const child = part.children.get(id);
    const output = child?.template.Outputs?.[attribute.replace(/^Outputs\./, "")];
    if (child && output) return named(child, output.Value);
    const resource = part.template.Resources[id];
    return { "Fn::GetAtt": [resource === undefined ? id : pathOf(resource), attribute] };
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, named(part, one)]));
}

function circleOf({ Resources }: Template): string[] | undefined {
  const done = new Set<string>();
  const visit = (id: string, way: string[]): string[] | undefined => {
    if (way.includes(id)) return [...way.slice(way.indexOf(id)), id];
    if (done.has(id)) return undefined;
    for (const next of referredBy(Resources[id])) {
      const circle = next in Resources ? visit(next, [...way, id]) : undefined;
      if (circle) return circle;
    }
    done.add(id);
    return undefined;
  };
  for (const id of Object.keys(Resources)) {
    const circle = visit(id, []);
    if (circle) return circle;
  }
  return undefined;
}

function referredBy(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referredBy);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => {
    if (key === "Ref" || key === "DependsOn") return [one].flat() as string[];
    if (key === "Fn::GetAtt") return [(one as [string, string])[0]];
    return referredBy(one);
  });
}

function pathOf(resource: Template["Resources"][string]): string {
  const made = resource.Metadata?.["aws:cdk:path"] ?? "";
  return made.replace(/^[^/]+\//, "").replace(/\/Resource$/, "");
}
