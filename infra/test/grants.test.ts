// The exact grants of each role: an extra grant fails the test, as does a missing one.

import { beforeAll, describe, expect, test } from "vitest";

import { TOPOLOGY } from "../src/topology.ts";
import { allOf, EXPECTED } from "./expected.ts";
import { bucket, every, index, key, on, publish, push, read, send, table, write } from "./rights.ts";
import { CHOSEN, FUNCTIONS, folder, isOurs, OTHERWISE, type Properties, Seen } from "./stack.ts";

let seen: Seen;
beforeAll(() => {
  seen = Seen.of();
});

const RIGHTS: Record<string, string[]> = {
  "websocket-authorizer": table("tickets", "DeleteItem"),
  "websocket-connect": table("connections", "PutItem"),
  "websocket-disconnect": table("connections", "Query DeleteItem"),
  "websocket-default": [
    ...table("scan", "GetItem PutItem UpdateItem Query"),
    ...table("connections", "GetItem PutItem DeleteItem Query"),
    ...table("tokens", "PutItem DeleteItem"),
    ...key("Encrypt"),
    ...read("objects", "codes manifests results uploads"),
    ...write("objects", "codes uploaded"),
    ...send("scan", "scan-dispatch"),
    ...push,
  ],
  api: [
    ...table("scan", "GetItem UpdateItem Query BatchGetItem"),
    ...send("scan", "scan-dispatch"),
    ...index("scan", "tenant"),
    ...table("tickets", "PutItem"),
    ...table("tokens", "GetItem"),
    ...key("Decrypt"),
    ...read("objects", "codes manifests results reports uploads uploaded"),
    ...write("objects", "uploads uploaded"),
    ...read("uploads", "files uploaded"),
    ...on(`${bucket("uploads")}/uploaded/*`, "s3", "PutObject AbortMultipartUpload ListMultipartUploadParts"),
    ...table("records", "GetItem PutItem DeleteItem BatchGetItem Query"),
    ...index("records", "listed"),
    ...read("objects", "statements rules"),
    ...write("objects", "rules"),
    ...publish,
    ...EXPECTED.flatMap(({ api }) => api),
  ],
  ...allOf(({ rights }) => rights),
};

test("the functions of topology have entries here, and no others", () => {
  const stages = TOPOLOGY.flows.flatMap(({ stages, sweeper, schedules }) => [
    ...stages.map((stage) => stage.function),
    ...[sweeper, ...schedules.map((schedule) => schedule.function)],
  ]);
  const wanted = [...TOPOLOGY.common.map((stage) => stage.function), ...stages].sort();
  expect(Object.keys(RIGHTS).sort()).toEqual(wanted);
  expect(Object.keys(TOLD).sort()).toEqual(wanted);
});

describe("the role of a function has exactly these rights:", () => {
  test.each(FUNCTIONS)("%s", (name) => {
    const wanted = [...new Set([...every(name), ...(RIGHTS[name] ?? [])])].sort();
    expect(seen.rights(`${folder(name)}/${name}/role`)).toEqual(wanted);
  });

  test("no role has a managed policy of AWS, and each function has its own role", () => {
    const roles = [...seen.all("AWS::Lambda::Function")].filter(([at]) => isOurs(at));
    expect(new Set(roles.map(([, { Role }]) => seen.words(Role))).size).toBe(FUNCTIONS.length);
    for (const name of FUNCTIONS) {
      expect(seen.one("AWS::IAM::Role", `${folder(name)}/${name}/role`).ManagedPolicyArns).toBeUndefined();
    }
  });

  test("only readers may use Textract and store its texts, and only if the setting enables it", () => {
    const asked = Seen.of(CHOSEN);
    for (const name of FUNCTIONS) {
      const role = `${folder(name)}/${name}/role`;
      const before = new Set(seen.rights(role));
      const more = asked.rights(role).filter((line) => !before.has(line));
      const reads = ["scan-worker", "scan-quarantine"].includes(name);
      const wanted = [
        ...on(`${bucket("objects")}/texts/*`, "s3", "GetObject PutObject"),
        "textract:DetectDocumentText *",
      ];
      expect(more, name).toEqual(reads ? wanted : []);
    }
  });

  test("tokens are encrypted and decrypted only with a tenant and a session", () => {
    const statements = [...seen.all("AWS::IAM::Policy").values()].flatMap((one) => one.PolicyDocument.Statement);
    const about = statements.filter((one) => String(one.Action).startsWith("kms:"));
    expect(about.length).toBe(6);
    for (const { Condition } of about) {
      expect(Condition).toEqual({
        Null: { "kms:EncryptionContext:tenant": "false", "kms:EncryptionContext:session": "false" },
      });
    }
  });
});

/** The API is invoked by the routes with their own throttle, and by the catch-all route. */
const ROUTES = [
  ..."config docs health openapi.json {proxy+}".split(" "),
  ..."codes dead-letters dead-letters/redrive tickets uploads/{id}/files".split(" "),
  ..."scans/{id} scans/{id}/files/{index}/pages/{page} scans/{id}/matches/{match}/evidence".split(" "),
  ...["facets", "figures", "files", "files/{id}", "rules", "transactions.csv"].map((one) => `statements/${one}`),
];

test("the services that may invoke a function", () => {
  const lines = [...seen.all("AWS::Lambda::Permission").values()].map((one) => {
    const source = seen
      .words(one.SourceArn)
      .replace("arn:{AWS::Partition}:execute-api:{AWS::Region}:{AWS::AccountId}:", "");
    return `${one.Principal} ${source} → ${seen.words(one.FunctionName)}`;
  });
  const api = "apigateway.amazonaws.com";
  expect(lines.sort()).toEqual(
    [
      ...ROUTES.map((path) => `${api} {http/api}/*/*/api/${path} → {clients/api/function.Arn}`),
      `${api} {sockets/api}/*$connect → {clients/websocket-connect/function.Arn}`,
      `${api} {sockets/api}/*$default → {clients/websocket-default/function.Arn}`,
      `${api} {sockets/api}/*$disconnect → {clients/websocket-disconnect/function.Arn}`,
      `${api} {sockets/api}/authorizers/{sockets/api/authorizer} → {clients/websocket-authorizer/function.Arn}`,
      ...EXPECTED.map(
        ({ flow, sweeper }) =>
          `events.amazonaws.com {${flow}/functions/sweep.Arn} → {${flow}/functions/${sweeper}/function.Arn}`,
      ),
    ].sort(),
  );
});

test("schedules may invoke the scheduler and send failed starts to its dead letters", () => {
  const scheduled = Seen.of(OTHERWISE);
  expect(scheduled.rights("scan/functions/scheduled/role")).toEqual([
    "lambda:InvokeFunction {scan/functions/scan-scheduler/function.Arn}",
    "sqs:SendMessage {scan/scan-scheduler-dead-letters/queue.Arn}",
  ]);
  expect(scheduled.rights("scan/functions/scan-scheduler/role")).toContain(
    `s3:GetObject ${bucket("objects")}/codes/daily.txt`,
  );
  const { Target } = scheduled.one("AWS::Scheduler::Schedule", "scan/functions/scheduled/daily");
  expect(JSON.parse(Target.Input)).toEqual({
    version: "0",
    id: "<aws.scheduler.execution-id>",
    "detail-type": "scan.scheduled",
    source: "riffle",
    time: "<aws.scheduler.scheduled-time>",
    resources: [],
    detail: {
      name: "daily",
      tenant: "acme",
      prefix: "in/",
      codes_key: "codes/daily.txt",
      options: {},
      scheduled_time: "<aws.scheduler.scheduled-time>",
      execution_id: "<aws.scheduler.execution-id>",
    },
  });
});

test("the services that may send messages to queues", () => {
  const lines = [...seen.all("AWS::SQS::QueuePolicy")].flatMap(([at, { PolicyDocument }]) =>
    (PolicyDocument.Statement as Properties[])
      .filter(({ Effect }) => Effect === "Allow")
      .map(({ Principal, Action, Condition }) => {
        expect([Action].flat()).toContain("sqs:SendMessage");
        const [[kind, said]] = Object.entries(Condition) as [[string, Properties]];
        const [[key, value]] = Object.entries(said) as [[string, unknown]];
        return `${Principal.Service} ${kind} ${key} ${seen.words(value)} → ${at.replace("/Policy", "")}`;
      }),
  );
  const uploads = (queue: string) => `s3.amazonaws.com StringEquals aws:SourceAccount {AWS::AccountId} → ${queue}`;
  const rule = (flow: string, queue: string) => {
    const who = `events.amazonaws.com ArnEquals aws:SourceArn {events/${queue}.Arn}`;
    return [`${who} → ${flow}/${queue}/queue`, `${who} → ${flow}/${queue}-dead-letters/queue`];
  };
  expect(lines.sort()).toEqual(
    EXPECTED.flatMap(({ flow, uploaded, listens }) => [
      ...uploaded.map((queue) => uploads(`${flow}/${queue}/queue`)),
      ...Object.keys(listens).flatMap((queue) => rule(flow, queue)),
    ]).sort(),
  );
});

/** The variables that a function gets in addition to RUST_LOG. */
const TOLD: Record<string, string> = {
  "websocket-authorizer": "TICKETS_TABLE ALLOWED_ORIGINS",
  "websocket-connect": "CONNECTIONS_TABLE",
  "websocket-disconnect": "CONNECTIONS_TABLE",
  "websocket-default":
    "SCAN_TABLE CONNECTIONS_TABLE TOKENS_TABLE TOKEN_KEY_ID OBJECTS_BUCKET QUEUES_URL CONNECTIONS_ENDPOINT PAGE_URL GOOGLE_DRIVE",
  api: [
    "SCAN_TABLE CONNECTIONS_TABLE TICKETS_TABLE TOKENS_TABLE TOKEN_KEY_ID OBJECTS_BUCKET UPLOADS_BUCKET SOCKET_URL PAGE_URL",
    "GOOGLE_DRIVE OCR_BACKEND LINK_LIFETIME_SECONDS AUTH_AUTHORITY AUTH_CLIENT_ID AUTH_DOMAIN RECORDS_TABLE EVENT_BUS",
    "QUEUES_URL",
  ].join(" "),
  ...allOf(({ told }) => told),
};

test.each(FUNCTIONS)("the variables of %s", (name) => {
  const { Environment } = seen.one("AWS::Lambda::Function", `${folder(name)}/${name}/function`);
  const wanted = ["RUST_LOG", ...(TOLD[name] ?? "").split(" ")].sort();
  expect(Object.keys(Environment.Variables).sort()).toEqual(wanted);
  // Lambda accepts 4 KB of names and values; names that CloudFormation generates are about as long as the paths here.
  const told = Object.entries(Environment.Variables).map(([name, value]) => name + seen.words(value));
  expect(told.join("").length).toBeLessThan(3_000);
  const { QUEUES_URL } = Environment.Variables;
  if (QUEUES_URL) {
    expect(seen.words(QUEUES_URL)).toBe("https://sqs.{AWS::Region}.{AWS::URLSuffix}/{AWS::AccountId}/Riffle-");
  }
});
