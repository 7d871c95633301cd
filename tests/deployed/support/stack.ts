// The stack under test: the outputs of its deployment, and AWS clients with the permissions of the owner.

import { readFileSync } from "node:fs";
import path from "node:path";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { CognitoIdentityProviderClient } from "@aws-sdk/client-cognito-identity-provider";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { IAMClient } from "@aws-sdk/client-iam";
import { LambdaClient, ListFunctionsCommand, ListTagsCommand } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";

import { FUNCTIONS, outputOf } from "./topology.ts";

function named(variable: string): string {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set: run these tests with scripts/deployed-tests`);
  return value;
}

/** Folder of the running emulator. */
export const run = named("RIFFLE_EMULATOR");

export const outputs = JSON.parse(readFileSync(path.join(run, "outputs.json"), "utf8")) as Record<
  | "PageUrl"
  | "HttpApiUrl"
  | "SocketUrl"
  | "UploadsBucket"
  | "ObjectsBucket"
  | "UserPoolId"
  | "UserPoolClientId"
  | "EventBus"
  | "RecordsTable"
  | "ScanTable"
  | "TokensTable"
  | "TicketsTable"
  | "ConnectionsTable",
  string
>;

/** Returns the address of a queue by its name in topology: `scan-work`, `scan-finish-dead-letters`. */
export function urlOf(queue: string): string {
  const url = (outputs as Partial<Record<string, string>>)[outputOf(queue)];
  if (!url) throw new Error(`the stack has no output for the queue ${queue}`);
  return url;
}

export const cognito = new CognitoIdentityProviderClient();
export const bus = new EventBridgeClient();
export const functions = new LambdaClient();
export const iam = new IAMClient();
export const logs = new CloudWatchLogsClient();
export const queues = new SQSClient({ useQueueUrlAsEndpoint: false });
export const storage = new S3Client({ forcePathStyle: true });
export const tables = new DynamoDBClient();

export interface Deployed {
  /** Name of its folder in `functions/`. */
  id: string;
  name: string;
  role: string;
  log: string;
}

/** Returns the functions of Riffle by id. The id is in a tag, because CloudFormation generates and truncates names. */
export async function deployed(): Promise<Map<string, Deployed>> {
  const { Functions = [] } = await functions.send(new ListFunctionsCommand({ MaxItems: 200 }));
  const all = Functions.map(async ({ FunctionName = "", FunctionArn, Role, LoggingConfig }) => {
    const { Tags } = await functions.send(new ListTagsCommand({ Resource: FunctionArn }));
    const log = LoggingConfig?.LogGroup ?? `/aws/lambda/${FunctionName}`;
    return { id: Tags?.function ?? "", name: FunctionName, role: Role?.split("/").at(-1) ?? "", log };
  });
  const found = await Promise.all(all);
  return new Map(
    FUNCTIONS.map((id) => {
      const [one, another] = found.filter((one) => one.id === id);
      if (one === undefined || another !== undefined) throw new Error(`not exactly one function has the tag ${id}`);
      return [id, one];
    }),
  );
}
