// Properties of the stack other than its grants.

import { readFileSync } from "node:fs";
import { App, Stack, Validations } from "aws-cdk-lib";
import { CfnQueue } from "aws-cdk-lib/aws-sqs";
import { AwsSolutionsChecks } from "cdk-nag";
import { beforeAll, describe, expect, test } from "vitest";

import { REWRITE } from "../src/clients/page.ts";
import { deadLettersOf, queuesOf, TOPOLOGY } from "../src/topology.ts";
import { allOf, EXPECTED } from "./expected.ts";
import { appOf, CHOSEN, DEMO, demo, EMULATED, FUNCTIONS, isOurs, OTHERWISE, type Properties, Seen } from "./stack.ts";

let seen: Seen;
let otherwise: Seen;
let emulated: Seen;
beforeAll(() => {
  seen = Seen.of();
  otherwise = Seen.of(OTHERWISE);
  emulated = Seen.of(EMULATED);
});

/** Every queue that a function consumes, and every dead-letter queue, as `flow/queue`. */
const QUEUES = TOPOLOGY.flows.flatMap((flow) => queuesOf(flow).map(({ name }) => `${flow.name}/${name}`));
const DEAD_LETTERS = TOPOLOGY.flows.flatMap((flow) => deadLettersOf(flow).map(({ name }) => `${flow.name}/${name}`));

/** Routes without a token. */
const OPEN = ["GET /api/config", "GET /api/docs", "GET /api/health", "GET /api/openapi.json"];

/** Routes that cost more than a few reads, with the most requests per second of all users together. */
const COSTLY = new Map([
  ["POST /api/codes", 5],
  ["GET /api/scans/{id}/files/{index}/pages/{page}", 20],
  ["GET /api/scans/{id}/matches/{match}/evidence", 20],
  ["POST /api/uploads/{id}/files", 20],
  ["POST /api/statements/files", 50],
  ["GET /api/statements/transactions.csv", 5],
  ["GET /api/statements/figures", 50],
  ["GET /api/statements/facets", 50],
  ["PUT /api/statements/rules", 5],
  ["DELETE /api/scans/{id}", 10],
  ["DELETE /api/statements/files/{id}", 10],
  ["GET /api/dead-letters", 10],
  ["POST /api/dead-letters/redrive", 2],
  ["POST /api/tickets", 50],
]);

/** Names of the flows. */
const NAMES = EXPECTED.map(({ flow }) => flow);

const ours = (found: Map<string, Properties>) => [...found].filter(([at]) => isOurs(at));

describe("functions", () => {
  test("have the expected memory and timeouts", () => {
    const sizes = ours(seen.all("AWS::Lambda::Function")).map(([at, one]) => {
      expect(one).toMatchObject({
        Runtime: "provided.al2023",
        Architectures: ["arm64"],
        TracingConfig: { Mode: "Active" },
      });
      return [at.split("/").at(-2), one.MemorySize, one.Timeout];
    });
    expect(Object.fromEntries(sizes.map(([name, ...size]) => [name, size]))).toEqual({
      "websocket-authorizer": [256, 10],
      "websocket-connect": [256, 10],
      "websocket-disconnect": [256, 10],
      "websocket-default": [512, 10],
      api: [1_024, 29],
      ...allOf(({ sizes }) => sizes),
    });
  });

  test("have disk space for a whole statement if they read one", () => {
    const { EphemeralStorage } = seen.one(
      "AWS::Lambda::Function",
      "statements/functions/file-processor-consumer/function",
    );
    expect(EphemeralStorage).toEqual({ Size: 6_144 });
  });

  test("have logs with a retention", () => {
    const logs = [...seen.all("AWS::Logs::LogGroup").values()];
    expect(logs.length).toBe(FUNCTIONS.length + 2);
    for (const { RetentionInDays } of logs) expect(RetentionInDays).toBe(30);
  });
});

describe("queues", () => {
  test("feed one function each, with partial failures and a concurrency limit", () => {
    const fed = [...seen.all("AWS::Lambda::EventSourceMapping").values()].map((one) => {
      expect(one.FunctionResponseTypes).toEqual(["ReportBatchItemFailures"]);
      return [seen.words(one.EventSourceArn), one.BatchSize, one.ScalingConfig.MaximumConcurrency];
    });
    const wanted = EXPECTED.flatMap(({ flow, fed }) =>
      Object.entries(fed).map(([queue, numbers]) => [`{${flow}/${queue}/queue.Arn}`, ...numbers]),
    );
    expect(fed.sort()).toEqual(wanted.sort());
    const chosen = [...otherwise.all("AWS::Lambda::EventSourceMapping").values()].map((one) => [
      otherwise.words(one.EventSourceArn),
      one.ScalingConfig.MaximumConcurrency,
    ]);
    expect(chosen).toContainEqual(["{scan/scan-work/queue.Arn}", 100]);
  });

  test("have a visibility timeout of six times their consumer's timeout", () => {
    for (const one of seen.all("AWS::Lambda::EventSourceMapping").values()) {
      const at = (value: unknown) => seen.words(value).replace(/^\{(.*?)(\.Arn)?\}$/, "$1");
      const { VisibilityTimeout } = seen.one("AWS::SQS::Queue", at(one.EventSourceArn));
      const { Timeout } = seen.one("AWS::Lambda::Function", at(one.FunctionName));
      expect(VisibilityTimeout).toBeGreaterThanOrEqual(6 * Timeout);
    }
  });

  test("move failed messages on, and keep dead letters for two weeks", () => {
    const led = [...seen.all("AWS::SQS::Queue")].map(([at, one]) => {
      expect(one).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 });
      const { deadLetterTargetArn, maxReceiveCount } = one.RedrivePolicy ?? {};
      return [at, maxReceiveCount, deadLetterTargetArn && seen.words(deadLetterTargetArn)];
    });
    const wanted = EXPECTED.flatMap(({ flow, moves, letters }) => {
      const moved = Object.entries(moves);
      const ends = moved.map(([, [, to]]) => to).filter((to) => !(to in moves));
      return [
        ...moved.map(([queue, [receives, to]]) => [`${flow}/${queue}/queue`, receives, `{${flow}/${to}/queue.Arn}`]),
        ...[...ends, ...letters].map((queue) => [`${flow}/${queue}/queue`, undefined, undefined]),
      ];
    });
    expect(led.sort()).toEqual(wanted.sort());
  });

  test("each have an output of the stack with their address", () => {
    for (const flow of TOPOLOGY.flows) {
      for (const { name, url_output } of [...queuesOf(flow), ...deadLettersOf(flow)]) {
        expect(seen.words(seen.outputs[url_output]), url_output).toBe(`{${flow.name}/${name}/queue}`);
        // Functions append the queue's name to the base address.
        expect(seen.one("AWS::SQS::Queue", `${flow.name}/${name}/queue`).QueueName).toBe(`Riffle-${name}`);
      }
    }
    const told = Object.keys(seen.outputs).filter((name) => /(Queue|DeadLetters)Url$/.test(name));
    expect(told.length).toBe(QUEUES.length + DEAD_LETTERS.length);
  });
});

describe("the bus", () => {
  test("sends each consumer its event types, and only its own replays", () => {
    const rules = [...seen.all("AWS::Events::Rule").values()].filter((one) => one.EventBusName !== undefined);
    const led = rules.map((one) => {
      expect(seen.words(one.EventBusName)).toBe("{events/bus}");
      const [target] = one.Targets;
      expect(seen.words(target.DeadLetterConfig.Arn)).toBe(
        seen.words(target.Arn).replace("/queue.Arn", "-dead-letters/queue.Arn"),
      );
      return [one.Name, one.EventPattern, seen.words(target.Arn)];
    });
    const wanted = EXPECTED.flatMap(({ flow, listens }) =>
      Object.entries(listens).map(([queue, [listener, types]]) => [
        queue,
        {
          source: ["riffle"],
          "detail-type": types.split(" "),
          detail: { flow: [flow] },
          "replay-name": [{ exists: false }, { prefix: `${listener}-` }],
        },
        `{${flow}/${queue}/queue.Arn}`,
      ]),
    );
    expect(led.sort()).toEqual(wanted.sort());
  });

  test("archives events for a number of days or for ever, except on an emulator", () => {
    expect([...seen.all("AWS::Events::Archive").values()]).toEqual([
      expect.objectContaining({ EventPattern: { source: ["riffle"] }, RetentionDays: 90 }),
    ]);
    expect(otherwise.one("AWS::Events::Archive", "events/archive/Archive").RetentionDays).toBe(0);
    expect(emulated.all("AWS::Events::Archive").size).toBe(0);
  });

  test("can be bypassed, and the prefix of packages to restore can be set", () => {
    const variables = (of: Seen) =>
      of.one("AWS::Lambda::Function", "statements/functions/s3-event-handler/function").Environment.Variables;
    expect(variables(seen)).toMatchObject({ PROCESSING_MODE: "events" });
    expect(variables(seen)).not.toHaveProperty("RESTORE_PREFIX");
    expect(variables(otherwise)).toMatchObject({ PROCESSING_MODE: "direct", RESTORE_PREFIX: "restored/" });
    const right = "sqs:SendMessage {statements/statements-process/queue.Arn}";
    expect(seen.rights("statements/functions/s3-event-handler/role")).not.toContain(right);
    expect(otherwise.rights("statements/functions/s3-event-handler/role")).toContain(right);
  });

  test("receives notifications of objects below the prefix of statements", () => {
    const { NotificationConfiguration } = seen.one("AWS::S3::Bucket", "buckets/uploads/bucket");
    const [said] = NotificationConfiguration.QueueConfigurations;
    expect([said.Event, seen.words(said.Queue), said.Filter.S3Key.Rules]).toEqual([
      "s3:ObjectCreated:*",
      "{statements/statements-uploads/queue.Arn}",
      [{ Name: "prefix", Value: "statements/" }],
    ]);
  });
});

describe("data", () => {
  test("tables are billed per request, can be restored, and delete expired items", () => {
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
    expect(indexes("records")).toEqual([
      ["open", "open_shard", "listed_at", "KEYS_ONLY"],
      ["listed", "list", "listed_at", "KEYS_ONLY"],
    ]);
  });

  test("buckets are private, versioned and encrypted, and refuse requests without TLS", () => {
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
    expect(policies.length).toBe(3 + QUEUES.length + DEAD_LETTERS.length);
    for (const { PolicyDocument } of policies) {
      expect(PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
      );
    }
  });

  test("objects expire after their retention", () => {
    const rules = (at: string, of: Seen) =>
      of
        .one("AWS::S3::Bucket", at)
        .LifecycleConfiguration.Rules.filter((rule: Properties) => rule.Prefix)
        .map((rule: Properties) => [rule.Prefix, rule.ExpirationInDays]);
    const forgotten = (prefix: string) => [prefix, undefined];
    expect(rules("buckets/uploads/bucket", seen)).toEqual([
      ["uploaded/", 30],
      ...["uploaded/", "statements/"].map(forgotten),
    ]);
    expect(rules("buckets/uploads/bucket", otherwise)).toContainEqual(["statements/", 365]);
    expect(rules("buckets/objects/bucket", otherwise)).toEqual([
      ["crops/", 30],
      ["texts/", 90],
      ["reports/", 90],
      ["uploaded/", 7],
      // Data that users can delete.
      ...["codes/", "manifests/", "results/", "crops/", "reports/", "uploads/", "uploaded/", "statements/"].map(
        forgotten,
      ),
    ]);
    const { Rules } = seen.one("AWS::S3::Bucket", "buckets/objects/bucket").LifecycleConfiguration;
    expect(Rules).toContainEqual({
      Id: "statements-forgotten",
      Prefix: "statements/",
      Status: "Enabled",
      NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    });
    const [unfinished] = seen.one("AWS::S3::Bucket", "buckets/uploads/bucket").LifecycleConfiguration.Rules;
    expect(unfinished.AbortIncompleteMultipartUpload).toEqual({ DaysAfterInitiation: 1 });
  });

  test("only the page may upload with signed links, and it can read the ETags of its parts", () => {
    const cors = (of: Seen) => of.one("AWS::S3::Bucket", "buckets/uploads/bucket").CorsConfiguration.CorsRules[0];
    expect(cors(seen)).toMatchObject({ AllowedOrigins: ["https://*.cloudfront.net"], ExposedHeaders: ["ETag"] });
    expect(cors(otherwise).AllowedOrigins).toEqual(["https://riffle.example.org"]);
  });
});

describe("access control", () => {
  test("the HTTP API requires a token, except on routes that are used before sign-in", () => {
    for (const of of [seen, emulated, Seen.of(CHOSEN)]) {
      const routes = [...of.all("AWS::ApiGatewayV2::Route").values()].filter((one) => !one.RouteKey.startsWith("$"));
      const open = routes.filter((one) => one.AuthorizationType === "NONE").map((one) => one.RouteKey);
      const preflight = of === Seen.of(CHOSEN) ? ["OPTIONS /api/{proxy+}"] : [];
      expect(open.sort()).toEqual([...OPEN, ...preflight]);
      const others = routes.filter((one) => !open.includes(one.RouteKey));
      expect(new Set(others.map((one) => one.AuthorizationType))).toEqual(new Set(["JWT"]));
      expect(others.map((one) => one.RouteKey)).toContain("ANY /api/{proxy+}");
    }
    // The function serves the same ones without a tenant.
    const table = readFileSync(new URL("../../functions/api/src/routes.rs", import.meta.url), "utf8");
    const [, listed = ""] = /pub const PUBLIC: \[&str; \d+\] = \[([^\]]*)\]/.exec(table) ?? [];
    expect([...listed.matchAll(/"([^"]+)"/g)].map(([, path]) => `GET ${path}`).sort()).toEqual(OPEN);
    const { JwtConfiguration } = seen.one("AWS::ApiGatewayV2::Authorizer", "http/api/authorizer");
    expect(JwtConfiguration.Audience.map((one: unknown) => seen.words(one))).toEqual(["{auth/pool/page}"]);
  });

  test("the WebSocket API requires a ticket to connect", () => {
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

  test("both APIs have a throttle and an access log without tickets", () => {
    const stages = [...seen.all("AWS::ApiGatewayV2::Stage").values()];
    expect(stages.length).toBe(2);
    for (const one of stages) {
      expect(one.DefaultRouteSettings).toMatchObject({ ThrottlingRateLimit: expect.anything() });
      expect(one.AccessLogSettings.Format).not.toMatch(/query/i);
    }
  });

  test("routes without a token have their own throttles, together lower than that of one route with a token", () => {
    for (const of of [seen, Seen.of(CHOSEN)]) {
      const { RouteSettings, DefaultRouteSettings } = of.one("AWS::ApiGatewayV2::Stage", "http/stage");
      const routes = [...of.all("AWS::ApiGatewayV2::Route").values()];
      const open = routes.filter((one) => one.AuthorizationType === "NONE" && !one.RouteKey.startsWith("$"));
      const rates = open.map((one) => RouteSettings[one.RouteKey]?.ThrottlingRateLimit ?? Number.NaN);
      expect(rates.length).toBeGreaterThanOrEqual(OPEN.length);
      const sum = rates.reduce((one, other) => one + other, 0);
      expect(sum).toBeLessThanOrEqual(DefaultRouteSettings.ThrottlingRateLimit * 0.75);
    }
    const { RouteSettings } = seen.one("AWS::ApiGatewayV2::Stage", "sockets/stage");
    expect(Object.keys(RouteSettings).sort()).toEqual(["$connect", "$default", "$disconnect"]);
    const rate = (route: string) => RouteSettings[route].ThrottlingRateLimit;
    expect(rate("$connect")).toBeLessThanOrEqual(50);
    // If a disconnect is not handled, frames are pushed to the connection for up to two hours.
    expect(rate("$disconnect")).toBeGreaterThan(rate("$connect"));
  });

  test("expensive routes have lower throttles", () => {
    const { RouteSettings, DefaultRouteSettings } = seen.one("AWS::ApiGatewayV2::Stage", "http/stage");
    const usual = DefaultRouteSettings.ThrottlingRateLimit;
    for (const [route, most] of COSTLY) {
      const { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst } = RouteSettings[route] ?? {};
      expect(rate, route).toBeLessThanOrEqual(most);
      expect(burst, route).toBeLessThanOrEqual(2 * most);
      expect(rate, route).toBeLessThan(usual);
    }
    expect(Object.keys(RouteSettings).sort()).toEqual([...OPEN, ...COSTLY.keys()].sort());
    // The routes exist: the page's types are generated from the description of the API.
    const described = readFileSync(new URL("../../dashboard/src/contracts.ts", import.meta.url), "utf8");
    const known = [...described.matchAll(/^ {4}"(\/api[^"]*)": \{(.*?)^ {4}\};/gms)].flatMap(([, path, methods = ""]) =>
      [...methods.matchAll(/^ {8}(get|put|post|delete): operations/gm)].map(
        ([, one = ""]) => `${one.toUpperCase()} ${path}`,
      ),
    );
    expect(known.length).toBeGreaterThan(30);
    expect(Object.keys(RouteSettings).filter((route) => !known.includes(route))).toEqual([]);
  });

  test("docs/security.md lists all throttles", () => {
    const page = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");
    const told = [...page.matchAll(/^\| `([^`]+)` \| (\d+) \| (\d+) \|$/gm)].map(([, ...row]) => row.join(" "));
    const stages = ["http/stage", "sockets/stage"].map((at) => Seen.of(CHOSEN).one("AWS::ApiGatewayV2::Stage", at));
    const set = stages.flatMap(({ RouteSettings }) =>
      Object.entries<Properties>(RouteSettings).map(([route, one]) =>
        [route, one.ThrottlingRateLimit, one.ThrottlingBurstLimit].join(" "),
      ),
    );
    expect(told.sort()).toEqual(set.sort());
    const usual = stages[0]?.DefaultRouteSettings;
    const row = `| any other HTTP route | ${usual?.ThrottlingRateLimit} | ${usual?.ThrottlingBurstLimit} |`;
    expect(page).toContain(row);
  });

  test("a stage is created after the routes that its settings name", () => {
    for (const of of [seen, emulated, Seen.of(CHOSEN)]) {
      for (const stage of ["http/stage", "sockets/stage"]) {
        const { RouteSettings } = of.one("AWS::ApiGatewayV2::Stage", stage);
        const before = (of.resources.get(stage)?.after ?? []).flatMap((at) => {
          const { type, properties } = of.resources.get(at) ?? {};
          return type === "AWS::ApiGatewayV2::Route" ? [properties?.RouteKey] : [];
        });
        expect(Object.keys(RouteSettings).filter((route) => !before.includes(route))).toEqual([]);
        // AWS charges for each metric of a route.
        const metered = Object.values<Properties>(RouteSettings).filter((one) => one.DetailedMetricsEnabled);
        expect(metered.length).toBeLessThanOrEqual(3);
      }
    }
  });

  test("users can neither create accounts nor choose their tenant", () => {
    const pool = seen.one("AWS::Cognito::UserPool", "auth/pool");
    expect(pool.AdminCreateUserConfig).toEqual({ AllowAdminCreateUserOnly: true });
    const client = seen.one("AWS::Cognito::UserPoolClient", "auth/pool/page");
    expect(client.ReadAttributes).toContain("custom:tenant");
    expect(client.WriteAttributes).not.toContain("custom:tenant");
    expect(client).toMatchObject({ GenerateSecret: false, AllowedOAuthFlows: ["code"] });
    expect(client.ExplicitAuthFlows).not.toContain("ALLOW_ADMIN_USER_PASSWORD_AUTH");
  });

  test("an external identity provider can be used", () => {
    expect(otherwise.all("AWS::Cognito::UserPool").size).toBe(0);
    expect(otherwise.one("AWS::ApiGatewayV2::Authorizer", "http/api/authorizer").JwtConfiguration).toEqual({
      Audience: ["riffle"],
      Issuer: "https://id.example.org",
    });
  });
});

describe("the page", () => {
  test("has the content security policy of the local server, extended by the other origins on AWS", () => {
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
    for (const address of ["/", "/scans", "/scans/0123", "/scans/a.b", "/anything"]) {
      expect(led(address)).toBe("/index.html");
    }
    for (const file of ["/assets/page-1a2b.js", "/icon.svg", "/index.html"]) expect(led(file)).toBe(file);
  });

  test("requests /api/ from its own origin, over TLS and without caching", () => {
    const { DistributionConfig } = seen.one("AWS::CloudFront::Distribution", "page/distribution");
    const [api] = DistributionConfig.CacheBehaviors;
    expect(api).toMatchObject({ PathPattern: "/api/*", ViewerProtocolPolicy: "https-only" });
    expect(DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy).toBe("redirect-to-https");
  });

  test("can have a custom domain", () => {
    const chosen = Seen.of(CHOSEN);
    const { Environment } = chosen.one("AWS::Lambda::Function", "clients/websocket-authorizer/function");
    expect(Environment.Variables.ALLOWED_ORIGINS).toBe("https://riffle.example.org,http://localhost:5173");
  });
});

describe("alarms", () => {
  test("link to a heading of the runbook", () => {
    const runbook = readFileSync(new URL("../../docs/runbook.md", import.meta.url), "utf8");
    const headings = [...runbook.matchAll(/^## (.*)$/gm)].map(([, title]) =>
      (title ?? "").toLowerCase().replaceAll(" ", "-"),
    );
    const alarms = [...seen.all("AWS::CloudWatch::Alarm").values()];
    const linked = alarms.map((one) => /docs\/runbook\.md#([a-z0-9-]+)$/.exec(one.AlarmDescription)?.[1]);
    expect(linked.filter((anchor) => anchor === undefined || !headings.includes(anchor))).toEqual([]);
    for (const one of alarms) expect(one.AlarmActions.map((to: unknown) => seen.words(to))).toEqual(["{alarms/topic}"]);
  });

  test("exist for every function, queue, API and bucket", () => {
    const names = [...seen.all("AWS::CloudWatch::Alarm").values()].map((one) => one.AlarmName.replace("Riffle-", ""));
    const name = (queue: string) => queue.split("/")[1];
    expect(names.sort()).toEqual(
      [
        ...FUNCTIONS.flatMap((name) => [`${name}-errors`, `${name}-duration`]),
        ...QUEUES.flatMap((queue) => [`${name(queue)}-depth`, `${name(queue)}-age`]),
        ...DEAD_LETTERS.map((queue) => `${name(queue)}-any`),
        ...EXPECTED.flatMap(({ alarms }) => alarms),
        "http-5xx",
        "socket-5xx",
        "socket-integration",
        "objects-size",
        "uploads-size",
      ].sort(),
    );
    expect(seen.all("AWS::Budgets::Budget").size).toBe(1);
  });

  test("are accompanied by dashboards and saved queries for each flow and the whole stack", () => {
    const dashboards = [...seen.all("AWS::CloudWatch::Dashboard").values()].map((one) => seen.words(one.DashboardName));
    expect(dashboards.sort()).toEqual(["operations", ...NAMES].map((name) => `Riffle-{AWS::Region}-${name}`).sort());
    const queries = [...seen.all("AWS::Logs::QueryDefinition").values()];
    const saved = NAMES.flatMap((name) => ["One dead letter", "One id"].map((title) => `Riffle/${name}/${title}`));
    expect(queries.map((one) => one.Name).sort()).toEqual(saved.sort());
    // CloudWatch queries at most fifty log groups at once.
    for (const one of queries) expect(one.LogGroupNames.length).toBeLessThanOrEqual(50);
    const asked = new Set(queries.flatMap((one) => one.LogGroupNames.map((log: unknown) => seen.words(log))));
    expect(asked.size, "logs of all functions").toBe(FUNCTIONS.length);
    for (const flow of TOPOLOGY.flows) {
      const shown = JSON.stringify(seen.one("AWS::CloudWatch::Dashboard", `${flow.name}/functions/dashboard`));
      for (const { name } of [...queuesOf(flow), ...deadLettersOf(flow)]) expect(shown).toContain(`/${name}/queue`);
      for (const { function: name } of flow.stages) expect(shown).toContain(`/${name}/function`);
    }
  });

  test("can be sent only by CloudWatch and budgets of this account", () => {
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

describe("the stack", () => {
  // docs/adr/0012-how-the-stack-is-divided.md. CloudFormation accepts 500 resources, 200 parameters, 200 outputs and
  // one megabyte per template, and rejects a larger one.
  test("keeps each template below CloudFormation's limits, with one for the functions of each flow", () => {
    const names = TOPOLOGY.flows.map(({ name }) => name.charAt(0).toUpperCase() + name.slice(1));
    for (const one of [seen, Seen.of(CHOSEN), otherwise]) {
      expect(Object.keys(one.counts).sort()).toEqual(["Riffle", ...names].sort());
      for (const [template, { resources, parameters, outputs, bytes }] of Object.entries(one.counts)) {
        expect(resources, template).toBeLessThanOrEqual(350);
        expect(Math.max(parameters, outputs), template).toBeLessThanOrEqual(140);
        expect(bytes, template).toBeLessThanOrEqual(700_000);
      }
    }
  });

  test("contains all resources with state; those of a flow's nested stack can be recreated", () => {
    const holding =
      /^AWS::(DynamoDB|S3|SQS|KMS|Cognito|SNS|ApiGatewayV2|CloudFront)::|^AWS::Events::(EventBus|Archive)$/;
    const nested = [...seen.resources].filter(([at]) => at.includes("/functions/"));
    expect(nested.length).toBeGreaterThan(100);
    expect(nested.filter(([, { type }]) => holding.test(type))).toEqual([]);
  });

  test("has no circular references", () => {
    expect(seen.circle).toBeUndefined();
  });

  test("has on an emulator only resources that it supports", () => {
    const types = [...emulated.resources.values()].map(({ type }) => type);
    const others = ["AWS::Logs::QueryDefinition", "AWS::Budgets::Budget", "Custom::CDKBucketDeployment"];
    for (const unknown of [...others, "AWS::Events::Archive"]) {
      expect(types).not.toContain(unknown);
    }
    for (const one of emulated.all("AWS::CloudWatch::Alarm").values()) expect(one.Metrics).toBeUndefined();
  });
});

describe("a missing build", () => {
  const nowhere = { functions: "/nowhere/lambda", pageFiles: "/nowhere/dist" };

  test("is named in the error, and prevents a deployment", () => {
    expect(() => appOf({ functions: nowhere.functions })).toThrow(
      "/nowhere/lambda/websocket-authorizer/bootstrap is missing: scripts/functions builds it",
    );
    expect(() => appOf({ pageFiles: nowhere.pageFiles })).toThrow(
      "/nowhere/dist/index.html is missing: scripts/dashboard builds it",
    );
  });

  test.each([[{}], [{ region: "eu-central-1" }]])("is the only difference in a comparison: %j", (place) => {
    const built = Seen.of(place);
    const compared = Seen.of({ ...place, ...nowhere, purpose: "diff" });
    const shape = (of: Seen) =>
      [...of.resources].map(([at, { type, properties }]) => {
        // File names contain hashes of the content.
        const { TemplateURL, SourceObjectKeys, ...rest } = properties;
        if (type !== "AWS::Lambda::Function" || !isOurs(at)) return [at, rest];
        return [at, { ...rest, Code: { ...rest.Code, S3Key: undefined } }];
      });
    expect(shape(compared)).toEqual(shape(built));
    const keys = ours(compared.all("AWS::Lambda::Function")).map(([, one]) => one.Code.S3Key);
    expect(new Set(keys)).toEqual(new Set(["not-built.zip"]));
  });

  test("is replaced only where it is missing", () => {
    const compared = Seen.of({ purpose: "diff" });
    expect([...compared.resources]).toEqual([...seen.resources]);
  });
});

test("a flow is created from its description, its numbers and its grants", () => {
  const other = Seen.with(DEMO, demo);
  const more = [...other.resources].filter(([at]) => !seen.resources.has(at));
  const added = more.filter(([, { type }]) => type !== "AWS::CloudWatch::Alarm").map(([at]) => at);
  const named = added.filter((at) => !/\/(Policy|DefaultPolicy|log|role|function)$/.test(at));
  expect(named.map((at) => at.replace(/:Riffle.*|\/AllowEventRule.*/, "…")).sort()).toEqual([
    "demo/demo-telling-dead-letters/queue",
    "demo/demo-telling/queue",
    "demo/demo-uploads/queue",
    "demo/functions.NestedStack/functions.NestedStackResource",
    "demo/functions/dashboard",
    "demo/functions/demo-receiver/function/SqsEventSource…",
    "demo/functions/demo-sweeper/function/EventInvokeConfig",
    "demo/functions/demo-teller/function/SqsEventSource…",
    "demo/functions/query-dead-letter",
    "demo/functions/query-id",
    "demo/functions/sweep",
    "demo/functions/sweep…",
    "events/demo-telling",
  ]);
  const redrive = (queue: string) => {
    const { maxReceiveCount, deadLetterTargetArn } = other.one("AWS::SQS::Queue", `demo/${queue}/queue`).RedrivePolicy;
    return [maxReceiveCount, other.words(deadLetterTargetArn)];
  };
  expect(redrive("demo-uploads")).toEqual([4, "{demo/demo-telling/queue.Arn}"]);
  expect(redrive("demo-telling")).toEqual([6, "{demo/demo-telling-dead-letters/queue.Arn}"]);
  expect(other.one("AWS::Events::Rule", "events/demo-telling").EventPattern).toMatchObject({
    "detail-type": ["demo.received"],
    detail: { flow: ["demo"] },
  });
  const notified = other.one("AWS::S3::Bucket", "buckets/uploads/bucket").NotificationConfiguration.QueueConfigurations;
  expect(notified.map((one: Properties) => one.Filter.S3Key.Rules[0].Value)).toEqual(
    expect.arrayContaining(["statements/", "demo/"]),
  );
  const alarms = [...other.all("AWS::CloudWatch::Alarm").values()].map((one) => one.AlarmName);
  for (const one of ["demo-uploads-age", "demo-telling-depth", "demo-telling-dead-letters-any", "demo-teller-errors"]) {
    expect(alarms).toContain(`Riffle-${one}`);
  }
  expect(other.rights("clients/api/role")).toEqual(
    expect.arrayContaining([
      "sqs:DeleteMessage {demo/demo-telling-dead-letters/queue.Arn}",
      "sqs:SendMessage {demo/demo-telling/queue.Arn}",
    ]),
  );
  expect(other.words(other.outputs.DemoUploadsQueueUrl)).toBe("{demo/demo-uploads/queue}");
  expect(other.circle).toBeUndefined();
});

test.each([
  ["with default settings", {}],
  ["with as many settings as possible", CHOSEN],
  ["in a region, with another name", { region: "eu-central-1", stackName: "Second" }],
])("cdk-nag and CloudFormation's own rules find no problem: %s", (_, context) => {
  // Only errors fail the check, not warnings: CloudFormation would reject such a template.
  expect(checked(appOf({ ...context, "@aws-cdk/core:validateAgainstDefaultRules": true }), "true")).not.toThrow();
});

test("cdk-nag and CloudFormation's rules find known problems", () => {
  const bare = (timeout: number | string) => {
    const app = new App({ context: { "@aws-cdk/core:validateAgainstDefaultRules": true }, analyticsReporting: false });
    new CfnQueue(new Stack(app, "Riffle"), "bare").addPropertyOverride("VisibilityTimeout", timeout);
    return app;
  };
  expect(checked(bare(1))).toThrow(/Riffle\/bare.*AwsSolutions-SQS4/s);
  expect(checked(bare("soon"), "true")).toThrow(/VisibilityTimeout/);
});

/** Returns a function that synthesizes the app with cdk-nag, and throws on rules neither followed nor acknowledged. */
function checked(app: App, cloudFormation = "false"): () => void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return () => {
    process.env.CDK_VALIDATION = cloudFormation;
    try {
      app.synth();
    } finally {
      process.env.CDK_VALIDATION = "false";
    }
  };
}

test.each([
  [{ purpose: "undeploy" }, "context purpose: undeploy is not one of deploy, diff, place"],
  [{ architecture: "sparc" }, "context architecture: sparc is not one of arm64, x86_64"],
  [{ processingMode: "both" }, "context processingMode: both is not one of events, direct, shadow"],
  [{ concurrency: '{"scan-work": 1}' }, "context concurrency: scan-work must be 2 or more"],
  [{ concurrency: '{"work": 2}' }, /context concurrency: work is not one of scan-dispatch, scan-work, /],
  [
    { days: '{"years": 1}' },
    "context days: years is not one of logs, uploaded, crops, texts, reports, files, statements, archive, versions",
  ],
  [
    { pageOrigin: "riffle.example.org/" },
    "context pageOrigin: riffle.example.org/ is not an origin, such as https://riffle.example.org",
  ],
  [{ scheduledScans: "[{]" }, "context scheduledScans: [{] is not JSON"],
  [
    { scheduledScans: [{ name: "a", schedule: "rate(1 day)", tenant: "t", prefix: "" }] },
    "context scheduledScans: a needs either codes or codesKey",
  ],
  [{ dailyCost: "much" }, "context dailyCost: much is not a number of 0.01 or more"],
])("a wrong setting is named in the error: %j", (context, said) => {
  expect(() => appOf(context)).toThrow(said);
});
