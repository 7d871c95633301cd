// Explicit names, at any depth of a template. A second stack in an account, or the same stack in a second region, cannot be
// deployed if one of them is taken. CloudFormation makes the names of everything else.

import { beforeAll, describe, expect, test } from "vitest";

import { appOf, CHOSEN, OTHERWISE, Seen } from "./stack.ts";

/** The scope within which a name must be unique. */
type Scope = "account" | "region" | "world";

/** CloudFront and dashboards are global. */
const SCOPES: Record<string, Scope> = {
  "AWS::ApiGatewayV2::Api Name": "region",
  "AWS::CloudFront::Function Name": "account",
  "AWS::CloudFront::OriginAccessControl OriginAccessControlConfig.Name": "account",
  "AWS::CloudFront::ResponseHeadersPolicy ResponseHeadersPolicyConfig.Name": "account",
  "AWS::CloudWatch::Alarm AlarmName": "region",
  "AWS::CloudWatch::Dashboard DashboardName": "account",
  "AWS::Cognito::UserPoolDomain Domain": "world",
  "AWS::Events::EventBus Name": "region",
  "AWS::Logs::QueryDefinition Name": "region",
  "AWS::SQS::Queue QueueName": "region",
};

/** Names that only have to be unique within a resource, or within its API, bus, role or pool. */
const INSIDE = [
  "AWS::ApiGatewayV2::Authorizer Name",
  "AWS::ApiGatewayV2::Stage StageName",
  "AWS::CloudFront::Distribution DistributionConfig.Origins.Id",
  "AWS::CloudWatch::Alarm Dimensions.Name",
  "AWS::CloudWatch::Alarm MetricName",
  "AWS::CloudWatch::Alarm Metrics.Id",
  "AWS::CloudWatch::Alarm Metrics.MetricStat.Metric.Dimensions.Name",
  "AWS::CloudWatch::Alarm Metrics.MetricStat.Metric.MetricName",
  "AWS::Cognito::UserPool AccountRecoverySetting.RecoveryMechanisms.Name",
  "AWS::Cognito::UserPool Schema.Name",
  "AWS::DynamoDB::Table AttributeDefinitions.AttributeName",
  "AWS::DynamoDB::Table GlobalSecondaryIndexes.IndexName",
  "AWS::DynamoDB::Table GlobalSecondaryIndexes.KeySchema.AttributeName",
  "AWS::DynamoDB::Table KeySchema.AttributeName",
  "AWS::DynamoDB::Table TimeToLiveSpecification.AttributeName",
  "AWS::Events::Rule Name",
  "AWS::Events::Rule Targets.Id",
  "AWS::IAM::Policy PolicyName",
  "AWS::S3::Bucket LifecycleConfiguration.Rules.Id",
  "AWS::S3::Bucket NotificationConfiguration.QueueConfigurations.Filter.S3Key.Rules.Name",
  // Not names: display texts, addresses, policies, and keys defined by AWS.
  "AWS::CloudFront::Distribution DistributionConfig.Aliases",
  "AWS::CloudFront::Distribution DistributionConfig.CacheBehaviors.CachePolicyId",
  "AWS::CloudFront::Distribution DistributionConfig.CacheBehaviors.OriginRequestPolicyId",
  "AWS::CloudFront::Distribution DistributionConfig.CacheBehaviors.TargetOriginId",
  "AWS::CloudFront::Distribution DistributionConfig.DefaultCacheBehavior.CachePolicyId",
  "AWS::CloudFront::Distribution DistributionConfig.DefaultCacheBehavior.TargetOriginId",
  "AWS::CloudFront::Distribution DistributionConfig.Origins.DomainName",
  "AWS::Events::Archive KmsKeyIdentifier",
  "AWS::SNS::Topic DisplayName",
];

const IS_NAME = /(Name|Id|Identifier|Domain|Alias|Aliases|Reference)$/;

/** Returns every name by its property: `AWS::SQS::Queue QueueName`. */
function namesIn(seen: Seen): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const look = (at: string, value: unknown) => {
    if (Array.isArray(value)) for (const one of value) look(at, one);
    else if (typeof value === "object" && value !== null) {
      for (const [key, one] of Object.entries(value)) {
        const path = at.endsWith(" ") ? at + key : `${at}.${key}`;
        const name = IS_NAME.test(key) && !isReference(one) ? one : undefined;
        if (name === undefined) look(path, one);
        else found.set(path, [...(found.get(path) ?? []), seen.words(name)]);
      }
    }
  };
  for (const { type, properties } of seen.resources.values()) {
    // Its parameters pass names of other resources.
    if (type !== "AWS::CloudFormation::Stack") look(`${type} `, properties);
  }
  return found;
}

/** Returns whether the value is the name of another resource. */
function isReference(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return "Fn::GetAtt" in value || ("Ref" in value && !String(value.Ref).startsWith("AWS::"));
}

/** Returns names of these scopes, with their properties. */
const scoped = (seen: Seen, ...scopes: Scope[]): [string, string][] =>
  [...namesIn(seen)].flatMap(([at, names]) => {
    const scope = SCOPES[at];
    return scope !== undefined && scopes.includes(scope) ? names.map((name): [string, string] => [at, name]) : [];
  });

/** Returns the names that both stacks have. */
function shared(one: Seen, other: Seen, ...scopes: Scope[]): string[] {
  const lines = (seen: Seen) => scoped(seen, ...scopes).map((name) => name.join(": "));
  const others = lines(other);
  expect(others.length).toBe(lines(one).length);
  return lines(one).filter((line) => others.includes(line));
}

let here: Seen;
let elsewhere: Seen;
let beside: Seen;
beforeAll(() => {
  here = Seen.of({ region: "eu-central-1" });
  elsewhere = Seen.of({ region: "us-east-1" });
  beside = Seen.of({ region: "eu-central-1", stackName: "Second" });
});

test.each([
  ["with default settings", {}],
  ["with as many settings as possible", CHOSEN],
  ["with the other settings", OTHERWISE],
])("the scope of every name is known: %s", (_, context) => {
  const unknown = [...namesIn(Seen.of(context)).keys()].filter((at) => !(at in SCOPES) && !INSIDE.includes(at));
  expect(unknown, "names to add to SCOPES or INSIDE").toEqual([]);
});

describe("names are found at any depth, and", () => {
  test("begin with the stack's name", () => {
    const found = new Set(scoped(here, "region", "account", "world").map(([at]) => at));
    expect([...found].sort()).toEqual(Object.keys(SCOPES).sort());
    const wrong = (seen: Seen, stack: string) =>
      scoped(seen, "region", "account").filter(([, name]) => !name.startsWith(stack));
    expect(wrong(here, "Riffle")).toEqual([]);
    expect(wrong(beside, "Second")).toEqual([]);
  });

  test("contain the region if they must be unique in an account", () => {
    expect(scoped(here, "account").filter(([, name]) => !name.includes("eu-central-1"))).toEqual([]);
    expect(scoped(Seen.of(), "account").filter(([, name]) => !name.includes("{AWS::Region}"))).toEqual([]);
  });

  test("contain the stack's id if they must be unique across all accounts", () => {
    expect(scoped(here, "world").filter(([, name]) => !name.includes("AWS::StackId"))).toEqual([]);
  });
});

test("the same stack in a second region uses no name of the first", () => {
  expect(shared(here, elsewhere, "account")).toEqual([]);
});

test("a second stack in the same region uses no name of the first", () => {
  expect(shared(here, beside, "account", "region")).toEqual([]);
});

test("nothing is exported: names of exports are unique in a region", () => {
  expect(here.exports).toEqual([]);
});

test.each(["riffle_2", "2nd", "a".repeat(33)])("%j is refused as a stack name", (stackName) => {
  expect(() => appOf({ stackName })).toThrow(
    `context stackName: ${stackName} must consist of at most 32 letters, digits and hyphens, and begin with a letter`,
  );
});

test("an invalid region is named in the error", () => {
  expect(() => appOf({ region: "frankfurt" })).toThrow(
    "context region: frankfurt is not a region, such as eu-central-1",
  );
});
