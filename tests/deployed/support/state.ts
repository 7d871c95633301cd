// Stored data as the owner of the account sees it, and queues.

import { inflateRawSync } from "node:zlib";
import { type AttributeValue, GetItemCommand, QueryCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, ListObjectVersionsCommand, NoSuchKey, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import {
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  SendMessageBatchCommand,
  SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";

import { outputs, queues, storage, tables, urlOf } from "./stack.ts";

type Item = Record<string, AttributeValue>;

/** Files per chunk. */
const CHUNK = 100;
/** The first byte of a deflated text. */
const DEFLATED = 1;

export async function sessionItem(session: string): Promise<Item> {
  const Key = { pk: { S: `S#${session}` }, sk: { S: "SESSION" } };
  const { Item } = await tables.send(new GetItemCommand({ TableName: outputs.ScanTable, Key, ConsistentRead: true }));
  if (!Item) throw new Error(`session ${session} does not exist`);
  return Item;
}

export interface Result {
  index: number;
  failed: boolean;
  matches: number;
}

export async function results(session: string, total: number): Promise<{ results: Result[]; done: number[] }> {
  const found: Result[] = [];
  const done: number[] = [];
  for (let chunk = 0; chunk * CHUNK < total; chunk++) {
    for (const item of await partition(`S#${session}#C#${chunk}`)) {
      const sk = item.sk?.S ?? "";
      if (sk === "DONE") done.push(...(item.done?.NS ?? []).map(Number));
      else found.push({ index: Number(sk.slice(2)), failed: item.f !== undefined, matches: Number(item.m?.N ?? 0) });
    }
  }
  return { results: found, done: done.sort((one, other) => one - other) };
}

const TABLES = ["ScanTable", "RecordsTable", "TokensTable", "TicketsTable", "ConnectionsTable"] as const;

/** Returns where these words occur: in items of all tables, and in keys and contents of existing objects. */
export async function telling(words: string[]): Promise<string[]> {
  const found: string[] = [];
  const look = (place: string, text: string) => {
    for (const word of words) if (text.includes(word)) found.push(`${word}: ${place}`);
  };
  for (const table of TABLES) {
    for (const item of await stored(outputs[table])) look(`${table} ${item.pk?.S} ${item.sk?.S}`, plain(item));
  }
  for (const Bucket of [outputs.UploadsBucket, outputs.ObjectsBucket]) {
    for await (const page of paginateListObjectsV2({ client: storage }, { Bucket })) {
      for (const { Key = "" } of page.Contents ?? []) {
        look(`${Bucket} ${Key}`, `${Key}\n${await content(Bucket, Key)}`);
      }
    }
  }
  return found;
}

async function content(Bucket: string, Key: string): Promise<string> {
  try {
    const { Body } = await storage.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []).toString();
  } catch (error) {
    // The object was deleted after it was listed.
    if (error instanceof NoSuchKey) return "";
    throw error;
  }
}

/** Returns all attributes of an item as text, with long texts inflated. */
function plain(item: Item): string {
  return JSON.stringify(item, (_, value) => {
    if (!(value instanceof Uint8Array)) return value;
    return value[0] === DEFLATED ? long({ B: value }) : Buffer.from(value).toString();
  });
}

/** Returns a stored text. Long ones are deflated and start with a marker byte. */
export function long(stored: AttributeValue | undefined): string {
  return stored?.B ? inflateRawSync(stored.B.subarray(1)).toString() : (stored?.S ?? "");
}

/** Returns all items of a table. */
export async function stored(table: string): Promise<Item[]> {
  const items: Item[] = [];
  let from: Item | undefined;
  do {
    const scan = { TableName: table, ConsistentRead: true, ExclusiveStartKey: from };
    const page = await tables.send(new ScanCommand(scan));
    items.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
  } while (from);
  return items;
}

async function partition(pk: string): Promise<Item[]> {
  const items: Item[] = [];
  let from: Item | undefined;
  do {
    const page = await tables.send(
      new QueryCommand({
        TableName: outputs.ScanTable,
        ConsistentRead: true,
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": { S: pk } },
        ExclusiveStartKey: from,
      }),
    );
    items.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
  } while (from);
  return items;
}

/** Returns the keys of unfinished sessions. */
export async function open(): Promise<string[]> {
  const { Items = [] } = await tables.send(
    new QueryCommand({
      TableName: outputs.ScanTable,
      IndexName: "open",
      KeyConditionExpression: "open_shard = :shard",
      ExpressionAttributeValues: { ":shard": { S: "0" } },
    }),
  );
  return Items.map((item) => item.pk?.S ?? "");
}

/** Returns how often objects with this prefix were written. */
export async function versions(prefix: string): Promise<number> {
  const { Versions = [] } = await storage.send(
    new ListObjectVersionsCommand({ Bucket: outputs.ObjectsBucket, Prefix: prefix }),
  );
  return Versions.length;
}

/** Returns the number of messages in a queue, including those in flight. */
export async function waiting(queue: string): Promise<number> {
  const { Attributes = {} } = await queues.send(
    new GetQueueAttributesCommand({
      QueueUrl: urlOf(queue),
      AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    }),
  );
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}

export async function visibility(queue: string, seconds: number): Promise<void> {
  const Attributes = { VisibilityTimeout: String(seconds) };
  await queues.send(new SetQueueAttributesCommand({ QueueUrl: urlOf(queue), Attributes }));
}

export async function purge(queue: string): Promise<void> {
  await queues.send(new PurgeQueueCommand({ QueueUrl: urlOf(queue) }));
}

export async function send(queue: string, bodies: string[], group: string): Promise<void> {
  for (let from = 0; from < bodies.length; from += 10) {
    const Entries = bodies
      .slice(from, from + 10)
      .map((MessageBody, at) => ({ Id: String(at), MessageBody, MessageGroupId: group }));
    await queues.send(new SendMessageBatchCommand({ QueueUrl: urlOf(queue), Entries }));
  }
}
