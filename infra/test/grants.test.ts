// What each role may do, to the letter: a right too many fails as one too few does.

import { beforeAll, describe, expect, test } from "vitest";

import { TOPOLOGY } from "../src/topology.ts";
import { CHOSEN, FUNCTIONS, folder, isOurs, OTHERWISE, type Properties, Seen } from "./stack.ts";

let seen: Seen;
beforeAll(() => {
  seen = Seen.of();
});

const on = (resource: string, service: string, actions: string) =>
  actions.split(" ").map((action) => `${service}:${action} ${resource}`);
const table = (name: string, actions: string) => on(`{tables/${name}/table.Arn}`, "dynamodb", actions);
const index = (of: string, name: string) => [`dynamodb:Query {tables/${of}/table.Arn}/index/${name}`];
const bucket = (name: string) => `{buckets/${name}/bucket.Arn}`;
const read = (name: string, prefixes: string) => [
  `s3:ListBucket ${bucket(name)}`,
  ...prefixes.split(" ").map((prefix) => `s3:GetObject ${bucket(name)}/${prefix}/*`),
];
const write = (name: string, prefixes: string) =>
  prefixes.split(" ").map((prefix) => `s3:PutObject ${bucket(name)}/${prefix}/*`);
const remove = (name: string, prefixes: string) =>
  prefixes.split(" ").map((prefix) => `s3:DeleteObject ${bucket(name)}/${prefix}/*`);
const statements = (...actions: string[]) => actions.map((action) => `s3:${action} ${bucket("uploads")}/statements/*`);
const readStatements = [`s3:ListBucket ${bucket("uploads")}`, ...statements("GetObjectVersion")];
const publish = ["events:PutEvents {events/bus.Arn}"];
const send = (flow: string, queues: string) =>
  queues.split(" ").map((queue) => `sqs:SendMessage {${flow}/${queue}/queue.Arn}`);
const consume = (queue: string) =>
  on(
    `{${queue}/queue.Arn}`,
    "sqs",
    "ReceiveMessage ChangeMessageVisibility GetQueueUrl DeleteMessage GetQueueAttributes",
  );
/** Dead letters: looked at, and taken away when they were handed out again. */
const take = (flow: string, queues: string) =>
  queues
    .split(" ")
    .flatMap((queue) =>
      on(`{${flow}/${queue}-dead-letters/queue.Arn}`, "sqs", "ReceiveMessage DeleteMessage ChangeMessageVisibility"),
    );
const key = (action: string) => [`kms:${action} {tables/token-key.Arn} if`];
const push = [
  "execute-api:ManageConnections arn:{AWS::Partition}:execute-api:{AWS::Region}:{AWS::AccountId}:{sockets/api}/live/POST/@connections/*",
];
const tell = [...push, ...table("connections", "Query DeleteItem")];
const notify = ["sns:Publish {notices/topic}"];
/** A statement and all that came of it. */
const removes = [
  ...table("records", "GetItem PutItem UpdateItem DeleteItem Query"),
  ...read("objects", "ingest"),
  ...remove("objects", "ingest"),
  ...statements("DeleteObjectVersion"),
  ...publish,
];
/** Its own log, and traces. */
const every = (name: string) => [
  ...on(`{${folder(name)}/${name}/log.Arn}`, "logs", "CreateLogStream PutLogEvents"),
  ...on("*", "xray", "PutTraceSegments PutTelemetryRecords"),
];

const reader = [
  ...table("scan", "GetItem PutItem UpdateItem"),
  ...table("tokens", "GetItem"),
  ...key("Decrypt"),
  ...read("objects", "codes manifests results"),
  ...write("objects", "results"),
  ...read("uploads", "files uploaded"),
  ...send("scan", "scan-finish"),
  ...tell,
];

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
    ...read("objects", "ingest rules"),
    ...write("objects", "rules"),
    ...statements("PutObject"),
    ...publish,
    ...send("scan", "scan-quarantine scan-finish"),
    ...take("scan", "scan-dispatch scan-quarantine scan-finish"),
    // They come again by themselves.
    ...on("{scan/scan-scheduler-dead-letters/queue.Arn}", "sqs", "ReceiveMessage ChangeMessageVisibility"),
    ...send("statements", "statements-uploads statements-process statements-categorize"),
    ...send("statements", "statements-figures statements-audit statements-errors"),
    ...take("statements", "statements-uploads statements-process statements-categorize"),
    ...take("statements", "statements-figures statements-audit statements-errors"),
  ],
  "scan-dispatcher": [
    ...consume("scan/scan-dispatch"),
    ...table("scan", "GetItem PutItem UpdateItem DeleteItem Query"),
    ...table("tokens", "GetItem DeleteItem"),
    ...key("Decrypt"),
    ...read("objects", "manifests results uploaded"),
    ...write("objects", "manifests results"),
    ...remove("objects", "codes manifests results crops reports uploads uploaded"),
    ...read("uploads", "files uploaded"),
    ...remove("uploads", "uploaded"),
    ...send("scan", "scan-work scan-finish"),
    ...notify,
    ...tell,
  ],
  "scan-worker": [...consume("scan/scan-work"), ...reader],
  "scan-quarantine": [...consume("scan/scan-quarantine"), ...reader, ...table("scan", "DeleteItem")],
  "scan-finisher": [
    ...consume("scan/scan-finish"),
    ...table("scan", "GetItem UpdateItem Query"),
    ...table("tokens", "GetItem DeleteItem"),
    ...key("Decrypt"),
    ...read("objects", "codes manifests results crops"),
    ...write("objects", "crops reports"),
    ...read("uploads", "files uploaded"),
    ...notify,
    ...tell,
  ],
  "scan-sweeper": [
    ...table("scan", "GetItem PutItem UpdateItem"),
    ...index("scan", "open"),
    ...read("objects", "codes manifests results"),
    ...send("scan", "scan-dispatch scan-work scan-finish"),
    ...tell,
  ],
  "scan-scheduler": [
    ...table("scan", "GetItem PutItem"),
    ...write("objects", "codes"),
    ...send("scan", "scan-dispatch"),
  ],

  "s3-event-handler": [
    ...consume("statements/statements-uploads"),
    ...table("records", "GetItem PutItem"),
    ...readStatements,
    ...statements("GetObjectVersionTagging"),
    ...publish,
  ],
  "file-processor-consumer": [
    ...consume("statements/statements-process"),
    ...table("records", "BatchGetItem ConditionCheckItem"),
    ...readStatements,
    ...write("objects", "ingest"),
    ...removes,
  ],
  "categorization-consumer": [
    ...consume("statements/statements-categorize"),
    ...table("records", "BatchGetItem UpdateItem"),
    ...read("objects", "ingest rules"),
    ...publish,
  ],
  "analytics-consumer": [
    ...consume("statements/statements-figures"),
    ...table("records", "GetItem PutItem Query"),
    ...publish,
  ],
  "audit-consumer": [
    ...consume("statements/statements-audit"),
    ...table("records", "GetItem PutItem DeleteItem Query"),
    ...publish,
  ],
  "error-consumer": [...consume("statements/statements-errors"), ...table("records", "GetItem PutItem")],
  "ingest-sweeper": [
    ...table("records", "BatchGetItem"),
    ...index("records", "open"),
    ...removes,
    ...send("statements", "statements-process"),
  ],
};

test("every function of topology has its entries here, and nothing else has", () => {
  const stages = TOPOLOGY.flows.flatMap(({ stages, sweeper, schedules }) => [
    ...stages.map((stage) => stage.function),
    ...[sweeper, ...schedules.map((schedule) => schedule.function)],
  ]);
  const wanted = [...TOPOLOGY.common.map((stage) => stage.function), ...stages].sort();
  expect(Object.keys(RIGHTS).sort()).toEqual(wanted);
  expect(Object.keys(TOLD).sort()).toEqual(wanted);
});

describe("a function's role may do", () => {
  test.each(FUNCTIONS)("%s", (name) => {
    const wanted = [...new Set([...every(name), ...(RIGHTS[name] ?? [])])].sort();
    expect(seen.rights(`${folder(name)}/${name}/role`)).toEqual(wanted);
  });

  test("nothing by a policy of AWS, and each function has a role of its own", () => {
    const roles = [...seen.all("AWS::Lambda::Function")].filter(([at]) => isOurs(at));
    expect(new Set(roles.map(([, { Role }]) => seen.words(Role))).size).toBe(FUNCTIONS.length);
    for (const name of FUNCTIONS) {
      expect(seen.one("AWS::IAM::Role", `${folder(name)}/${name}/role`).ManagedPolicyArns).toBeUndefined();
    }
  });

  test("Textract only where it is asked for, and only readers, who keep what it read", () => {
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

  test("tokens are sealed and opened only with a tenant and a session", () => {
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

test("who may start a function", () => {
  const lines = [...seen.all("AWS::Lambda::Permission").values()].map((one) => {
    const source = seen
      .words(one.SourceArn)
      .replace("arn:{AWS::Partition}:execute-api:{AWS::Region}:{AWS::AccountId}:", "");
    return `${one.Principal} ${source} → ${seen.words(one.FunctionName)}`;
  });
  const api = "apigateway.amazonaws.com";
  expect(lines.sort()).toEqual(
    [
      `${api} {http/api}/*/*/api/config → {clients/api/function.Arn}`,
      `${api} {http/api}/*/*/api/docs → {clients/api/function.Arn}`,
      `${api} {http/api}/*/*/api/health → {clients/api/function.Arn}`,
      `${api} {http/api}/*/*/api/openapi.json → {clients/api/function.Arn}`,
      `${api} {http/api}/*/*/api/{proxy+} → {clients/api/function.Arn}`,
      `${api} {sockets/api}/*$connect → {clients/websocket-connect/function.Arn}`,
      `${api} {sockets/api}/*$default → {clients/websocket-default/function.Arn}`,
      `${api} {sockets/api}/*$disconnect → {clients/websocket-disconnect/function.Arn}`,
      `${api} {sockets/api}/authorizers/{sockets/api/authorizer} → {clients/websocket-authorizer/function.Arn}`,
      "events.amazonaws.com {scan/functions/sweep.Arn} → {scan/functions/scan-sweeper/function.Arn}",
      "events.amazonaws.com {statements/functions/sweep.Arn} → {statements/functions/ingest-sweeper/function.Arn}",
    ].sort(),
  );
});

test("scheduled scans may start the scheduler, and leave what failed with the dead letters", () => {
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

test("who may leave messages, beside functions", () => {
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
  const rule = (queue: string) => {
    const who = `events.amazonaws.com ArnEquals aws:SourceArn {events/${queue}.Arn}`;
    return [`${who} → statements/${queue}/queue`, `${who} → statements/${queue}-dead-letters/queue`];
  };
  expect(lines.sort()).toEqual(
    [
      "s3.amazonaws.com StringEquals aws:SourceAccount {AWS::AccountId} → statements/statements-uploads/queue",
      ...rule("statements-process"),
      ...rule("statements-categorize"),
      ...rule("statements-figures"),
      ...rule("statements-audit"),
      ...rule("statements-errors"),
    ].sort(),
  );
});

/** Which variables a function is told, beside RUST_LOG. */
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
  "scan-dispatcher":
    "SCAN_TABLE CONNECTIONS_TABLE TOKENS_TABLE TOKEN_KEY_ID OBJECTS_BUCKET UPLOADS_BUCKET QUEUES_URL NOTICE_TOPIC_ARN CONNECTIONS_ENDPOINT PAGE_URL GOOGLE_DRIVE",
  "scan-worker":
    "SCAN_TABLE CONNECTIONS_TABLE TOKENS_TABLE TOKEN_KEY_ID OBJECTS_BUCKET UPLOADS_BUCKET QUEUES_URL CONNECTIONS_ENDPOINT PAGE_URL GOOGLE_DRIVE OCR_BACKEND OCR_PAGES_PER_SECOND",
  "scan-quarantine":
    "SCAN_TABLE CONNECTIONS_TABLE TOKENS_TABLE TOKEN_KEY_ID OBJECTS_BUCKET UPLOADS_BUCKET QUEUES_URL CONNECTIONS_ENDPOINT PAGE_URL GOOGLE_DRIVE OCR_BACKEND OCR_PAGES_PER_SECOND",
  "scan-finisher":
    "SCAN_TABLE CONNECTIONS_TABLE TOKENS_TABLE TOKEN_KEY_ID OBJECTS_BUCKET UPLOADS_BUCKET NOTICE_TOPIC_ARN CONNECTIONS_ENDPOINT PAGE_URL GOOGLE_DRIVE",
  "scan-sweeper": "SCAN_TABLE CONNECTIONS_TABLE OBJECTS_BUCKET QUEUES_URL CONNECTIONS_ENDPOINT PAGE_URL",
  "scan-scheduler": "SCAN_TABLE CONNECTIONS_TABLE OBJECTS_BUCKET QUEUES_URL PAGE_URL",
  "s3-event-handler": "RECORDS_TABLE UPLOADS_BUCKET EVENT_BUS PROCESSING_MODE",
  "file-processor-consumer": "RECORDS_TABLE UPLOADS_BUCKET OBJECTS_BUCKET EVENT_BUS",
  "categorization-consumer": "RECORDS_TABLE OBJECTS_BUCKET EVENT_BUS",
  "analytics-consumer": "RECORDS_TABLE EVENT_BUS",
  "audit-consumer": "RECORDS_TABLE EVENT_BUS",
  "error-consumer": "RECORDS_TABLE",
  "ingest-sweeper": "RECORDS_TABLE OBJECTS_BUCKET UPLOADS_BUCKET EVENT_BUS QUEUES_URL",
};

test.each(FUNCTIONS)("what %s is told", (name) => {
  const { Environment } = seen.one("AWS::Lambda::Function", `${folder(name)}/${name}/function`);
  const wanted = ["RUST_LOG", ...(TOLD[name] ?? "").split(" ")].sort();
  expect(Object.keys(Environment.Variables).sort()).toEqual(wanted);
  // Lambda takes 4 KB of names and values together; names that CloudFormation makes are about as long as their paths here.
  const told = Object.entries(Environment.Variables).map(([name, value]) => name + seen.words(value));
  expect(told.join("").length).toBeLessThan(3_000);
  const { QUEUES_URL } = Environment.Variables;
  if (QUEUES_URL) {
    expect(seen.words(QUEUES_URL)).toBe("https://sqs.{AWS::Region}.{AWS::URLSuffix}/{AWS::AccountId}/Riffle-");
  }
});
