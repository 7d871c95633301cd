// The stack under test: what its deployment told of itself, and AWS as its owner sees it.

import { readFileSync } from "node:fs";
import path from "node:path";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { CognitoIdentityProviderClient } from "@aws-sdk/client-cognito-identity-provider";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { IAMClient } from "@aws-sdk/client-iam";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";

function named(variable: string): string {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set: these tests are run by scripts/deployed-tests`);
  return value;
}

/** The queues of statements. */
export const STAGES = ["FileUploads", "FileProcessor", "Categorization", "Analytics", "Audit", "Errors"] as const;
export type Stage = (typeof STAGES)[number];

/** Folder of the emulator's run. */
export const run = named("RIFFLE_EMULATOR");

export const outputs = JSON.parse(readFileSync(path.join(run, "outputs.json"), "utf8")) as Record<
  | "PageUrl"
  | "HttpApiUrl"
  | "SocketUrl"
  | "UploadsBucket"
  | "ObjectsBucket"
  | "UserPoolId"
  | "UserPoolClientId"
  | "DispatchQueueUrl"
  | "WorkQueueUrl"
  | "QuarantineQueueUrl"
  | "FinishQueueUrl"
  | "DeadLetterQueueUrl"
  | "EventBus"
  | "IngestTable"
  | `${Stage}QueueUrl`
  | `${Stage}DeadLettersUrl`
  | "ScanTable"
  | "TokensTable"
  | "TicketsTable"
  | "ConnectionsTable",
  string
>;

export const cognito = new CognitoIdentityProviderClient();
export const bus = new EventBridgeClient();
export const functions = new LambdaClient();
export const iam = new IAMClient();
export const logs = new CloudWatchLogsClient();
export const queues = new SQSClient({ useQueueUrlAsEndpoint: false });
export const storage = new S3Client({ forcePathStyle: true });
export const tables = new DynamoDBClient();

export interface Deployed {
  /** As in `functions/`. */
  id: string;
  name: string;
  role: string;
  log: string;
}

/** Our functions, each by its id: CloudFormation makes longer names of them. */
export async function deployed(): Promise<Map<string, Deployed>> {
  const ids = [
    ...["websocket-authorizer", "websocket-connect", "websocket-disconnect", "websocket-default", "api"],
    ...["scan-dispatcher", "scan-worker", "scan-quarantine", "scan-finisher", "scan-sweeper", "scan-scheduler"],
    ...["s3-event-handler", "file-processor-consumer", "categorization-consumer", "analytics-consumer"],
    ...["audit-consumer", "error-consumer", "ingest-sweeper"],
  ];
  const { Functions = [] } = await functions.send(new ListFunctionsCommand({ MaxItems: 200 }));
  return new Map(
    ids.map((id) => {
      const client = /^(websocket-|api$)/.test(id);
      const group = id.startsWith("scan-") ? "scan" : client ? "clients" : "ingest";
      const start = `Riffle-${group}${id.replaceAll("-", "")}`;
      const found = Functions.filter(({ FunctionName = "" }) => FunctionName.startsWith(start));
      const [one] = found;
      if (found.length !== 1 || !one) throw new Error(`${found.length} functions are named ${start}…`);
      const log = one.LoggingConfig?.LogGroup ?? `/aws/lambda/${one.FunctionName}`;
      return [id, { id, name: one.FunctionName ?? "", role: one.Role?.split("/").at(-1) ?? "", log }];
    }),
  );
}
