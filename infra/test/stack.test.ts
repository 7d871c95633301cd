// What the stack promises beside its grants.

import { readFileSync } from "node:fs";
import { type App, Validations } from "aws-cdk-lib";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { AwsSolutionsChecks } from "cdk-nag";
import { beforeAll, describe, expect, test } from "vitest";

import { REWRITE } from "../src/clients/page.ts";
import { type CONSUMERS, routes } from "../src/ingest/routes.ts";
import { appOf, FUNCTIONS, isOurs, type Properties, Seen, STAGES } from "./stack.ts";

let seen: Seen;
let emulated: Seen;
beforeAll(() => {
  seen = new Seen();
  emulated = new Seen({ endpoint: "https://127.0.0.1:4566", fullMonitoring: "false", pageFiles: "off" });
});

const ours = (found: Map<string, Properties>) => [...found].filter(([at]) => isOurs(at));

describe("functions", () => {
  test("have the size and the time that they need", () => {
    const sizes = ours(seen.all("AWS::Lambda::Function")).map(([at, one]) => {
      expect(one).toMatchObject({
        Runtime: "provided.al2023",
        Architectures: ["arm64"],
        TracingConfig: { Mode: "Active" },
      });
      return [at.split("/")[1], one.MemorySize, one.Timeout];
    });
    expect(Object.fromEntries(sizes.map(([name, ...size]) => [name, size]))).toEqual({
      "websocket-authorizer": [256, 10],
      "websocket-connect": [256, 10],
      "websocket-disconnect": [256, 10],
      "websocket-default": [256, 10],
      api: [1_024, 29],
      "scan-dispatcher": [512, 900],
      "scan-worker": [1_769, 120],
      "scan-quarantine": [1_769, 120],
      "scan-finisher": [1_769, 300],
      "scan-sweeper": [512, 300],
      "scan-scheduler": [256, 30],
      "s3-event-handler": [256, 60],
      "file-processor-consumer": [1_769, 600],
      "categorization-consumer": [1_024, 300],
      "analytics-consumer": [1_024, 300],
      "audit-consumer": [256, 300],
      "error-consumer": [256, 300],
      "ingest-sweeper": [512, 300],
    });
  });

  test("have room for a whole statement where they read one", () => {
    const { EphemeralStorage } = seen.one("AWS::Lambda::Function", "ingest/file-processor-consumer/function");
    expect(EphemeralStorage).toEqual({ Size: 6_144 });
  });

  test("have logs that end", () => {
    const logs = [...seen.all("AWS::Logs::LogGroup").values()];
    expect(logs.length).toBe(FUNCTIONS.length + 2);
    for (const { RetentionInDays } of logs) expect(RetentionInDays).toBe(30);
  });
});

describe("queues", () => {
  test("feed one function each, with its own failures and limits", () => {
    const fed = [...seen.all("AWS::Lambda::EventSourceMapping").values()].map((one) => {
      expect(one.FunctionResponseTypes).toEqual(["ReportBatchItemFailures"]);
      return [seen.words(one.EventSourceArn), one.BatchSize, one.ScalingConfig.MaximumConcurrency];
    });
    expect(fed.sort()).toEqual([
      ["{ingest/analytics/queue.Arn}", 5, 10],
      ["{ingest/audit/queue.Arn}", 10, 10],
      ["{ingest/categorization/queue.Arn}", 1, 10],
      ["{ingest/errors/queue.Arn}", 10, 10],
      ["{ingest/file-processor/queue.Arn}", 1, 20],
      ["{ingest/file-uploads/queue.Arn}", 10, 10],
      ["{scan/scan-dispatch/queue.Arn}", 1, 5],
      ["{scan/scan-finish/queue.Arn}", 1, 5],
      ["{scan/scan-quarantine-queue/queue.Arn}", 1, 2],
      ["{scan/scan-work/queue.Arn}", 10, 50],
    ]);
  });

  test("hide a message for six timeouts of who takes it", () => {
    for (const one of seen.all("AWS::Lambda::EventSourceMapping").values()) {
      const at = (value: unknown) => seen.words(value).replace(/^\{(.*?)(\.Arn)?\}$/, "$1");
      const { VisibilityTimeout } = seen.one("AWS::SQS::Queue", at(one.EventSourceArn));
      const { Timeout } = seen.one("AWS::Lambda::Function", at(one.FunctionName));
      expect(VisibilityTimeout).toBeGreaterThanOrEqual(6 * Timeout);
    }
  });

  test("lead what failed on, and keep it for two weeks", () => {
    const led = [...seen.all("AWS::SQS::Queue")].map(([at, one]) => {
      expect(one).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 });
      const { deadLetterTargetArn, maxReceiveCount } = one.RedrivePolicy ?? {};
      return [at, maxReceiveCount, deadLetterTargetArn && seen.words(deadLetterTargetArn)];
    });
    expect(led.sort()).toEqual([
      ...STAGES.flatMap((stage) => [
        [`ingest/${stage}-dead-letters/queue`, undefined, undefined],
        [`ingest/${stage}/queue`, 5, `{ingest/${stage}-dead-letters/queue.Arn}`],
      ]).sort(),
      ["scan/scan-dead-letter/queue", undefined, undefined],
      ["scan/scan-dispatch/queue", 5, "{scan/scan-dead-letter/queue.Arn}"],
      ["scan/scan-finish/queue", 5, "{scan/scan-dead-letter/queue.Arn}"],
      ["scan/scan-quarantine-queue/queue", 5, "{scan/scan-dead-letter/queue.Arn}"],
      ["scan/scan-work/queue", 3, "{scan/scan-quarantine-queue/queue.Arn}"],
    ]);
  });
});

describe("the bus", () => {
  test("leads to each consumer what it listens to, and replays that are for it", () => {
    const rules = [...seen.all("AWS::Events::Rule").values()].filter((one) => one.EventBusName !== undefined);
    const led = rules.map((one) => {
      expect(seen.words(one.EventBusName)).toBe("{ingest/events/bus}");
      const [target] = one.Targets;
      expect(seen.words(target.DeadLetterConfig.Arn)).toBe(
        seen.words(target.Arn).replace("/queue.Arn", "-dead-letters/queue.Arn"),
      );
      return [one.Name, one.EventPattern, seen.words(target.Arn)];
    });
    const heard = routes();
    const pattern = (consumer: (typeof CONSUMERS)[number]) => ({
      source: ["riffle"],
      "detail-type": heard.get(consumer),
      "replay-name": [{ exists: false }, { prefix: `${consumer}-` }],
    });
    expect(led.sort()).toEqual([
      ["analytics-events", pattern("analytics-consumer"), "{ingest/analytics/queue.Arn}"],
      ["audit-events", pattern("audit-consumer"), "{ingest/audit/queue.Arn}"],
      ["categorization-events", pattern("categorization-consumer"), "{ingest/categorization/queue.Arn}"],
      ["error-events", pattern("error-consumer"), "{ingest/errors/queue.Arn}"],
      ["file-processor-events", pattern("file-processor-consumer"), "{ingest/file-processor/queue.Arn}"],
    ]);
  });

  test("keeps what has happened for a time, or for ever, but not on an emulator", () => {
    expect([...seen.all("AWS::Events::Archive").values()]).toEqual([
      expect.objectContaining({ EventPattern: { source: ["riffle"] }, RetentionDays: 90 }),
    ]);
    const forever = new Seen({ days: '{"archive": 0}' });
    expect(forever.one("AWS::Events::Archive", "ingest/events/archive/Archive").RetentionDays).toBe(0);
    expect(emulated.all("AWS::Events::Archive").size).toBe(0);
  });

  test("may be gone around, and packages to restore from be passed over", () => {
    const variables = (of: Seen) =>
      of.one("AWS::Lambda::Function", "ingest/s3-event-handler/function").Environment.Variables;
    expect(variables(seen)).toMatchObject({ PROCESSING_MODE: "events" });
    expect(variables(seen)).not.toHaveProperty("RESTORE_PREFIX");
    const chosen = new Seen({ processingMode: "direct", restorePrefix: "restored/" });
    expect(variables(chosen)).toMatchObject({ PROCESSING_MODE: "direct", RESTORE_PREFIX: "restored/" });
    const right = "sqs:SendMessage {ingest/file-processor/queue.Arn}";
    expect(seen.rights("ingest/s3-event-handler/role")).not.toContain(right);
    expect(chosen.rights("ingest/s3-event-handler/role")).toContain(right);
  });

  test("hears of what is put where statements are put", () => {
    const { NotificationConfiguration } = seen.one("AWS::S3::Bucket", "buckets/uploads/bucket");
    const [said] = NotificationConfiguration.QueueConfigurations;
    expect([said.Event, seen.words(said.Queue), said.Filter.S3Key.Rules]).toEqual([
      "s3:ObjectCreated:*",
      "{ingest/file-uploads/queue.Arn}",
      [{ Name: "prefix", Value: "statements/" }],
    ]);
  });
});

describe("data", () => {
  test("tables are paid by use, recoverable, and forget what has expired", () => {
    const tables = seen.all("AWS::DynamoDB::Table");
    expect(tables.size).toBe(5);
    for (const one of tables.values()) {
      expect(one).toMatchObject({
        BillingMode: "PAY_PER_REQUEST",
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: "expires_at", Enabled: true },
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
      });
    }
    const indexes = (of: string) =>
      seen
        .one("AWS::DynamoDB::Table", `tables/${of}/table`)
        .GlobalSecondaryIndexes.map((one: Properties) => [
          one.IndexName,
          ...one.KeySchema.map((part: Properties) => part.AttributeName),
          one.Projection.ProjectionType,
        ]);
    expect(indexes("scan")).toEqual([
      ["open", "open_shard", "pk", "KEYS_ONLY"],
      ["tenant", "tenant", "listed_at", "KEYS_ONLY"],
    ]);
    expect(indexes("ingest")).toEqual([
      ["open", "open_shard", "listed_at", "KEYS_ONLY"],
      ["listed", "list", "listed_at", "KEYS_ONLY"],
    ]);
  });

  test("buckets are private, versioned and encrypted, and refuse what is not over TLS", () => {
    const buckets = seen.all("AWS::S3::Bucket");
    expect([...buckets.keys()].sort()).toEqual(["buckets/objects/bucket", "buckets/uploads/bucket", "page/bucket"]);
    for (const one of buckets.values()) {
      const all = {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      };
      expect(one).toMatchObject({
        PublicAccessBlockConfiguration: all,
        VersioningConfiguration: { Status: "Enabled" },
        BucketEncryption: expect.anything(),
      });
    }
    const policies = [...seen.all("AWS::S3::BucketPolicy").values(), ...seen.all("AWS::SQS::QueuePolicy").values()];
    expect(policies.length).toBe(3 + 5 + 2 * STAGES.length);
    for (const { PolicyDocument } of policies) {
      expect(PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
      );
    }
  });

  test("what is kept for a time goes", () => {
    const rules = (at: string, context = {}) =>
      new Seen(context)
        .one("AWS::S3::Bucket", at)
        .LifecycleConfiguration.Rules.filter((rule: Properties) => rule.Prefix)
        .map((rule: Properties) => [rule.Prefix, rule.ExpirationInDays]);
    const forgotten = (prefix: string) => [prefix, undefined];
    expect(rules("buckets/uploads/bucket")).toEqual([
      ["uploaded/", 30],
      ...["uploaded/", "statements/"].map(forgotten),
    ]);
    expect(rules("buckets/uploads/bucket", { days: '{"statements": 365}' })).toContainEqual(["statements/", 365]);
    expect(rules("buckets/objects/bucket", { days: '{"uploaded": 7, "reports": 90}' })).toEqual([
      ["crops/", 30],
      ["texts/", 90],
      ["reports/", 90],
      ["uploaded/", 7],
      // What people may have deleted.
      ...["codes/", "manifests/", "results/", "crops/", "reports/", "uploads/", "uploaded/", "ingest/"].map(forgotten),
    ]);
    const { Rules } = seen.one("AWS::S3::Bucket", "buckets/objects/bucket").LifecycleConfiguration;
    expect(Rules).toContainEqual({
      Id: "ingest-forgotten",
      Prefix: "ingest/",
      Status: "Enabled",
      NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    });
    const [unfinished] = seen.one("AWS::S3::Bucket", "buckets/uploads/bucket").LifecycleConfiguration.Rules;
    expect(unfinished.AbortIncompleteMultipartUpload).toEqual({ DaysAfterInitiation: 1 });
  });

  test("only the page may put with a signed link, and sees the ETags of its parts", () => {
    const cors = (of: Seen) => of.one("AWS::S3::Bucket", "buckets/uploads/bucket").CorsConfiguration.CorsRules[0];
    expect(cors(seen)).toMatchObject({ AllowedOrigins: ["https://*.cloudfront.net"], ExposedHeaders: ["ETag"] });
    const named = new Seen({ pageOrigin: "https://riffle.example.org" });
    expect(cors(named).AllowedOrigins).toEqual(["https://riffle.example.org"]);
  });
});

describe("who is let in", () => {
  test("the HTTP API asks for a token, except where nobody has one yet", () => {
    const routes = [...seen.all("AWS::ApiGatewayV2::Route").values()]
      .filter((one) => !one.RouteKey.startsWith("$"))
      .map((one) => [one.RouteKey, one.AuthorizationType]);
    expect(routes.sort()).toEqual([
      ["ANY /api/{proxy+}", "JWT"],
      ["GET /api/config", "NONE"],
      ["GET /api/docs", "NONE"],
      ["GET /api/health", "NONE"],
      ["GET /api/openapi.json", "NONE"],
    ]);
    const { JwtConfiguration } = seen.one("AWS::ApiGatewayV2::Authorizer", "http/api/authorizer");
    expect(JwtConfiguration.Audience.map((one: unknown) => seen.words(one))).toEqual(["{auth/pool/page}"]);
  });

  test("the WebSocket API asks for a ticket at the door", () => {
    const routes = [...seen.all("AWS::ApiGatewayV2::Route").values()].filter((one) => one.RouteKey.startsWith("$"));
    expect(routes.map((one) => [one.RouteKey, one.AuthorizationType]).sort()).toEqual([
      ["$connect", "CUSTOM"],
      ["$default", "NONE"],
      ["$disconnect", "NONE"],
    ]);
    expect(seen.one("AWS::ApiGatewayV2::Authorizer", "sockets/api/authorizer")).toMatchObject({
      AuthorizerType: "REQUEST",
      IdentitySource: ["route.request.querystring.ticket"],
    });
  });

  test("both have a throttle and a log, in which no ticket stands", () => {
    const stages = [...seen.all("AWS::ApiGatewayV2::Stage").values()];
    expect(stages.length).toBe(2);
    for (const one of stages) {
      expect(one.DefaultRouteSettings).toMatchObject({ ThrottlingRateLimit: expect.anything() });
      expect(one.AccessLogSettings.Format).not.toMatch(/query/i);
    }
  });

  test("nobody makes an account for himself, or chooses his tenant", () => {
    const pool = seen.one("AWS::Cognito::UserPool", "auth/pool");
    expect(pool.AdminCreateUserConfig).toEqual({ AllowAdminCreateUserOnly: true });
    const client = seen.one("AWS::Cognito::UserPoolClient", "auth/pool/page");
    expect(client.ReadAttributes).toContain("custom:tenant");
    expect(client.WriteAttributes).not.toContain("custom:tenant");
    expect(client).toMatchObject({ GenerateSecret: false, AllowedOAuthFlows: ["code"] });
    expect(client.ExplicitAuthFlows).not.toContain("ALLOW_ADMIN_USER_PASSWORD_AUTH");
  });

  test("identities may be somebody else's", () => {
    const identities = { issuer: "https://id.example.org", audience: "riffle", domain: "https://id.example.org" };
    const other = new Seen({ identities });
    expect(other.all("AWS::Cognito::UserPool").size).toBe(0);
    expect(other.one("AWS::ApiGatewayV2::Authorizer", "http/api/authorizer").JwtConfiguration).toEqual({
      Audience: ["riffle"],
      Issuer: "https://id.example.org",
    });
  });
});

describe("the page", () => {
  test("is let do what the local server lets it, and reach what is elsewhere on AWS", () => {
    const { ResponseHeadersPolicyConfig } = seen.one("AWS::CloudFront::ResponseHeadersPolicy", "page/headers");
    const { SecurityHeadersConfig } = ResponseHeadersPolicyConfig;
    const directives = (policy: string) => policy.split(/;\s*/).map((one) => one.trim());
    const said = directives(seen.words(SecurityHeadersConfig.ContentSecurityPolicy.ContentSecurityPolicy));
    const local = readFileSync(new URL("../../local/src/serve/page.rs", import.meta.url), "utf8");
    const [, policy] = /const POLICY: &str = "([^"]*)"/.exec(local) ?? [];
    const storage = ["uploads", "objects"].map(
      (one) => `https://{buckets/${one}/bucket}.s3.{AWS::Region}.{AWS::URLSuffix}`,
    );
    const socket = "wss://{sockets/api}.execute-api.{AWS::Region}.{AWS::URLSuffix}";
    const signIn = "https://{auth/pool/domain}.auth.{AWS::Region}.amazoncognito.com";
    const more: Record<string, string[]> = { "img-src": storage, "connect-src": [socket, signIn, ...storage] };
    const wanted = directives((policy ?? "").replaceAll(/\\\n\s*/g, "")).map((one) =>
      [one, ...(more[one.split(" ")[0] ?? ""] ?? [])].join(" "),
    );
    expect(said).toEqual(wanted);
  });

  test("has one document for all its addresses", () => {
    const rewrite = new Function(`${REWRITE}; return handler;`)() as (event: object) => { uri: string };
    const led = (uri: string) => rewrite({ request: { uri } }).uri;
    for (const address of ["/", "/sessions", "/sessions/0123", "/sessions/a.b", "/anything"]) {
      expect(led(address)).toBe("/index.html");
    }
    for (const file of ["/assets/page-1a2b.js", "/icon.svg", "/index.html"]) expect(led(file)).toBe(file);
  });

  test("asks for /api/ where it comes from, over TLS, and nothing of it is kept", () => {
    const { DistributionConfig } = seen.one("AWS::CloudFront::Distribution", "page/distribution");
    const [api] = DistributionConfig.CacheBehaviors;
    expect(api).toMatchObject({ PathPattern: "/api/*", ViewerProtocolPolicy: "https-only" });
    expect(DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy).toBe("redirect-to-https");
  });

  test("may have a domain of its own", () => {
    const certificateArn = "arn:aws:acm:us-east-1:111111111111:certificate/1";
    const named = new Seen({ domain: { name: "riffle.example.org", certificateArn } });
    const { Environment } = named.one("AWS::Lambda::Function", "clients/websocket-authorizer/function");
    expect(Environment.Variables.ALLOWED_ORIGINS).toBe("https://riffle.example.org");
  });
});

describe("alarms", () => {
  test("say what to do, where it stands", () => {
    const runbook = readFileSync(new URL("../../docs/runbook.md", import.meta.url), "utf8");
    const headings = [...runbook.matchAll(/^## (.*)$/gm)].map(([, title]) =>
      (title ?? "").toLowerCase().replaceAll(" ", "-"),
    );
    const alarms = [...seen.all("AWS::CloudWatch::Alarm").values()];
    const linked = alarms.map((one) => /docs\/runbook\.md#([a-z0-9-]+)$/.exec(one.AlarmDescription)?.[1]);
    expect(linked.filter((anchor) => anchor === undefined || !headings.includes(anchor))).toEqual([]);
    for (const one of alarms) expect(one.AlarmActions.map((to: unknown) => seen.words(to))).toEqual(["{alarms/topic}"]);
  });

  test("are about these", () => {
    const names = [...seen.all("AWS::CloudWatch::Alarm").keys()].map((at) => at.replace("alarms/", ""));
    const queues = ["scan-dispatch", "scan-work", "scan-quarantine-queue", "scan-finish", ...STAGES];
    expect(names.sort()).toEqual(
      [
        ...FUNCTIONS.flatMap((name) => [`${name}-errors`, `${name}-duration`]),
        ...queues.flatMap((name) => [`${name}-depth`, `${name}-age`]),
        "scan-dead-letter-any",
        ...STAGES.map((stage) => `${stage}-dead-letters-any`),
        "files-failed",
        "http-5xx",
        "socket-5xx",
        "socket-integration",
        "sessions-past-deadline",
        "objects-size",
        "uploads-size",
      ].sort(),
    );
    seen.template.resourceCountIs("AWS::Budgets::Budget", 1);
    seen.template.resourceCountIs("AWS::CloudWatch::Dashboard", 3);
    seen.template.resourceCountIs("AWS::Logs::QueryDefinition", 3);
  });

  test("may be sent by CloudWatch and budgets of this account alone", () => {
    const { PolicyDocument } = seen.one("AWS::SNS::TopicPolicy", "alarms/topic/Policy");
    const senders = PolicyDocument.Statement.filter((one: Properties) => one.Effect === "Allow");
    expect(senders.flatMap((one: Properties) => one.Principal.Service).sort()).toEqual([
      "budgets.amazonaws.com",
      "cloudwatch.amazonaws.com",
    ]);
    for (const one of senders)
      expect(one.Condition.StringEquals["aws:SourceAccount"]).toEqual({ Ref: "AWS::AccountId" });
  });
});

test("nothing has a name that another stack could have", () => {
  // Names of stages, policies and rules are those within their API, role and bus.
  const inner = ["AWS::ApiGatewayV2::Stage", "AWS::IAM::Policy", "AWS::Events::Rule"];
  const named = Object.values(seen.template.toJSON().Resources as Record<string, Properties>).filter(
    ({ Type, Properties: said }) => `${Type.split("::")[2]}Name` in (said ?? {}) && !inner.includes(Type),
  );
  expect(named.map(({ Type }) => Type)).toEqual([]);
});

test("on an emulator stands only what it knows", () => {
  const types = Object.values(emulated.template.toJSON().Resources as Record<string, Properties>).map(
    (one) => one.Type,
  );
  const others = ["AWS::Logs::QueryDefinition", "AWS::Budgets::Budget", "Custom::CDKBucketDeployment"];
  for (const unknown of [...others, "AWS::Events::Archive"]) {
    expect(types).not.toContain(unknown);
  }
  for (const one of emulated.all("AWS::CloudWatch::Alarm").values()) expect(one.Metrics).toBeUndefined();
});

test.each([
  ["as it comes", {}],
  [
    "with all that may be chosen",
    {
      domain: { name: "riffle.example.org", certificateArn: "arn:aws:acm:us-east-1:111111111111:certificate/1" },
      origins: "http://localhost:5173",
      ocr: "textract",
      googleDrive: "true",
      trail: "true",
      alarmEmail: "riffle@example.org",
      noticeEmail: "riffle@example.org",
      scheduledScans: [{ name: "daily", schedule: "rate(1 day)", tenant: "acme", prefix: "", codes: ["HOLE-1"] }],
    },
  ],
])("cdk-nag finds nothing: %s", (_, context) => {
  expect(checked(appOf(context).app)).not.toThrow();
});

test("cdk-nag would find something", () => {
  const { app, stack } = appOf();
  new Queue(stack, "bare");
  expect(checked(app)).toThrow(/Riffle\/bare.*AwsSolutions-SQS4/s);
});

/** Making it, held against the rules: fails with what is neither kept nor acknowledged. */
function checked(app: App): () => void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return () => app.synth();
}

test.each([
  [{ architecture: "sparc" }, "context architecture: sparc is none of arm64, x86_64"],
  [{ processingMode: "both" }, "context processingMode: both is none of events, direct, shadow"],
  [{ concurrency: '{"work": 1}' }, "context concurrency: work must be 2 or more"],
  [
    { days: '{"years": 1}' },
    "context days: years is none of logs, uploaded, crops, texts, reports, files, statements, archive, versions",
  ],
  [
    { pageOrigin: "riffle.example.org/" },
    "context pageOrigin: riffle.example.org/ is no origin, such as https://riffle.example.org",
  ],
  [{ scheduledScans: "[{]" }, "context scheduledScans: [{] is no JSON"],
  [
    { scheduledScans: [{ name: "a", schedule: "rate(1 day)", tenant: "t", prefix: "" }] },
    "context scheduledScans: a needs either codes or codesKey",
  ],
  [{ dailyCost: "much" }, "context dailyCost: much is no number of 0.01 or more"],
])("a wrong setting is named: %j", (context, said) => {
  expect(() => appOf(context)).toThrow(said);
});
