// Grants in the notation of `Seen.rights`.

import { folder } from "./stack.ts";

export const on = (resource: string, service: string, actions: string) =>
  actions.split(" ").map((action) => `${service}:${action} ${resource}`);
export const table = (name: string, actions: string) => on(`{tables/${name}/table.Arn}`, "dynamodb", actions);
export const index = (of: string, name: string) => [`dynamodb:Query {tables/${of}/table.Arn}/index/${name}`];
export const bucket = (name: string) => `{buckets/${name}/bucket.Arn}`;
export const read = (name: string, prefixes: string) => [
  `s3:ListBucket ${bucket(name)}`,
  ...prefixes.split(" ").map((prefix) => `s3:GetObject ${bucket(name)}/${prefix}/*`),
];
export const write = (name: string, prefixes: string) =>
  prefixes.split(" ").map((prefix) => `s3:PutObject ${bucket(name)}/${prefix}/*`);
export const remove = (name: string, prefixes: string) =>
  prefixes.split(" ").map((prefix) => `s3:DeleteObject ${bucket(name)}/${prefix}/*`);
export const publish = ["events:PutEvents {events/bus.Arn}"];
export const send = (flow: string, queues: string) =>
  queues.split(" ").map((queue) => `sqs:SendMessage {${flow}/${queue}/queue.Arn}`);
export const consume = (queue: string) =>
  on(
    `{${queue}/queue.Arn}`,
    "sqs",
    "ReceiveMessage ChangeMessageVisibility GetQueueUrl DeleteMessage GetQueueAttributes",
  );
/** Dead letters: listed, and deleted once they have been returned to their queue. */
export const take = (flow: string, queues: string) =>
  queues
    .split(" ")
    .flatMap((queue) =>
      on(
        `{${flow}/${queue}-dead-letters/queue.Arn}`,
        "sqs",
        "ReceiveMessage GetQueueAttributes DeleteMessage ChangeMessageVisibility",
      ),
    );
export const key = (action: string) => [`kms:${action} {tables/token-key.Arn} if`];
export const push = [
  "execute-api:ManageConnections arn:{AWS::Partition}:execute-api:{AWS::Region}:{AWS::AccountId}:{sockets/api}/live/POST/@connections/*",
];
export const tell = [...push, ...table("connections", "Query DeleteItem")];
export const notify = ["sns:Publish {notices/topic}"];
/** The log of the function, and traces. */
export const every = (name: string) => [
  ...on(`{${folder(name)}/${name}/log.Arn}`, "logs", "CreateLogStream PutLogEvents"),
  ...on("*", "xray", "PutTraceSegments PutTelemetryRecords"),
];
