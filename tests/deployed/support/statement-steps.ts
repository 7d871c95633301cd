// The statements flow in single steps, while no queue feeds its functions; and an operation that needs each grant.

import { createHash } from "node:crypto";
import { GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { PutObjectCommand } from "@aws-sdk/client-s3";

import { type Steps, scheduled } from "./direct.ts";
import { calm, disturb } from "./faults.ts";
import { chance, type Person } from "./people.ts";
import { outputs, storage, tables } from "./stack.ts";
import { long } from "./state.ts";
import { Statements, statement } from "./statements.ts";

export interface StatementWorld {
  steps: Steps;
  person: Person;
}

/** Returns an id as riffle_statements derives it: a hash of the parts, each preceded by its length. */
function digest(...parts: string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    const bytes = Buffer.from(part);
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(bytes.length));
    hash.update(length).update(bytes);
  }
  return hash.digest("hex").slice(0, 32);
}

interface Put {
  id: string;
  object: { bucket: string; key: string; version: string; etag: string };
  size: number;
}

const ACCOUNTS = [{ account: "unnamed", from: "2026-01-01", to: "2026-01-31" }];
const SHORT = statement(1, 3);

/** A statement of a month that is in no other file. */
const ALONE = {
  content: SHORT.replaceAll("2026-01", "2025-12"),
  accounts: [{ account: "unnamed", from: "2025-12-01", to: "2025-12-31" }],
};

class Flow {
  constructor(
    private readonly steps: Steps,
    private readonly person: Person,
  ) {}

  /** Puts a statement into the bucket, with a tag, so that reading it also needs the permission to read tags. */
  async put(content = SHORT): Promise<Put> {
    const key = `statements/${this.person.tenant}/${chance()}.csv`;
    const put = { Bucket: outputs.UploadsBucket, Key: key, Body: content, Tagging: "kind=test" };
    const { VersionId = "", ETag = "" } = await storage.send(new PutObjectCommand(put));
    const object = { bucket: outputs.UploadsBucket, key, version: VersionId, etag: ETag.replaceAll('"', "") };
    return { id: digest(object.bucket, key, VersionId), object, size: content.length };
  }

  async received(content?: string): Promise<Put> {
    const file = await this.put(content);
    const { bucket, key, version, etag } = file.object;
    const object = { key, versionId: version, eTag: etag, size: file.size };
    const record = { eventName: "ObjectCreated:Put", s3: { bucket: { name: bucket }, object } };
    await this.steps.message("s3-event-handler", { Records: [record] });
    return file;
  }

  /** Sends a consumer an event in the form in which a rule delivers it. */
  tell(consumer: string, kind: string, { id }: { id: string }, data: object, receives = 1): Promise<string> {
    const now = new Date().toISOString();
    const detail = {
      ...{ event_id: digest(id, kind, "1"), version: 1, flow: "statements", timestamp: now, processing_id: id },
      ...{ correlation_id: digest(id, "file.uploaded", "1"), event_type: kind },
      data: { tenant: this.person.tenant, ...data },
    };
    const event = { version: "0", id: chance(), "detail-type": kind, source: "riffle", time: now, detail };
    return this.steps.message(consumer, event, receives);
  }

  uploaded = (consumer: string, file: Put) =>
    this.tell(consumer, "file.uploaded", file, { object: file.object, size: file.size });

  processed = (consumer: string, file: Put, accounts = ACCOUNTS) => {
    const counts = { parts: 1, rows: 3, new: 3, duplicates: 0, warnings: 0, review: false };
    return this.tell(consumer, "file.processed", file, { ...counts, accounts });
  };

  async read(content?: string): Promise<Put> {
    const file = await this.received(content);
    await this.uploaded("file-processor-consumer", file);
    return file;
  }

  delete = ({ id }: Put) => this.person.ask("DELETE", `/api/statements/files/${id}`);

  /** Stores different rules each time, so that categories change. */
  rules = () =>
    this.person.ask("PUT", "/api/statements/rules", {
      yaml: `rules:\n  - category: ${chance()}\n    contains: booking\n`,
    });

  /** Requests the deletion of one of two files with the same rows; the other file keeps the transactions. */
  async deleting(): Promise<Put> {
    const file = await this.read();
    await this.read();
    await this.delete(file);
    return file;
  }

  remove = (file: Put) => this.tell("file-processor-consumer", "deletion.requested", file, {});

  /** Deletes the only file of a month with figures, then sends the request for new figures that the processor sends. */
  async emptied(): Promise<void> {
    const file = await this.read(ALONE.content);
    await this.processed("analytics-consumer", file, ALONE.accounts);
    await this.delete(file);
    await this.remove(file);
    await this.tell("analytics-consumer", "transactions.categorized", file, { accounts: ALONE.accounts });
  }

  /** Changes the record as if it had been in its state for two hours. */
  async age({ id }: Put): Promise<void> {
    const Key = { pk: { S: `R#statements#${this.person.tenant}#${id}` }, sk: { S: "RECORD" } };
    const { Item = {} } = await tables.send(new GetItemCommand({ TableName: outputs.RecordsTable, Key }));
    const then = new Date(Date.now() - 7_200_000);
    const record = {
      ...(JSON.parse(long(Item.rc)) as object),
      created_at: then.toISOString(),
      changed_at: then.toISOString(),
    };
    const listed = (BigInt(then.getTime()) * 1_000_000n + 2n ** 63n).toString(16).padStart(16, "0");
    await tables.send(
      new UpdateItemCommand({
        ...{ TableName: outputs.RecordsTable, Key },
        UpdateExpression: "SET rc = :record, listed_at = :listed",
        ExpressionAttributeValues: { ":record": { S: JSON.stringify(record) }, ":listed": { S: listed + id } },
      }),
    );
  }

  /** Returns a file whose processing has failed because it could not be read. */
  async givenUp(): Promise<Put> {
    const file = await this.received();
    disturb({ s3: { refused: 1, only: "GET " } });
    await this.uploaded("file-processor-consumer", file);
    calm();
    return file;
  }

  sweep = () => this.steps.invoke("statements-sweeper", scheduled({}, "Scheduled Event"));
}

type Doing = (flow: Flow, person: Person) => Promise<unknown>;

/** By function: the operation to run without a grant; the first matching one applies. */
const DONE: Record<string, [RegExp, Doing][]> = {
  "s3-event-handler": [[/./, (flow) => flow.received()]],
  "file-processor-consumer": [
    [
      /GetObject objects|DeleteObject|UpdateItem|DeleteItem|SendMessage/,
      async (flow) => flow.remove(await flow.deleting()),
    ],
    [/./, (flow) => flow.read()],
  ],
  "categorization-consumer": [
    [
      /SendMessage/,
      async (flow) => {
        await flow.rules();
        const file = await flow.deleting();
        // The event arrives after the deletion request, which therefore cannot know the months that change here.
        await flow.processed("categorization-consumer", file);
      },
    ],
    [
      /./,
      async (flow) => {
        await flow.rules();
        await flow.processed("categorization-consumer", await flow.read());
      },
    ],
  ],
  "analytics-consumer": [
    // An event type that it does not handle fails permanently.
    [
      /PutEvents/,
      async (flow) =>
        flow.tell("analytics-consumer", "transactions.created", await flow.read(), { parts: 1, new: 3 }, 5),
    ],
    [/UpdateItem|DeleteItem/, (flow) => flow.emptied()],
    [/./, async (flow) => flow.processed("analytics-consumer", await flow.read())],
  ],
  "audit-consumer": [
    [
      /Query|DeleteItem/,
      async (flow) => {
        const file = await flow.read();
        await flow.uploaded("audit-consumer", file);
        await flow.delete(file);
        // An event of a file that is being deleted removes the existing items.
        await flow.uploaded("audit-consumer", file);
      },
    ],
    [/./, async (flow) => flow.uploaded("audit-consumer", await flow.received())],
  ],
  "error-consumer": [
    [
      /./,
      async (flow) => {
        const error = { stage: "audit-consumer", event_id: chance(), reason: "a test" };
        await flow.tell("error-consumer", "error.occurred", await flow.received(), error);
      },
    ],
  ],
  "statements-sweeper": [
    [
      /SendMessage .*process/,
      async (flow) => {
        await flow.age(await flow.givenUp());
        await flow.sweep();
      },
    ],
    [
      /./,
      async (flow) => {
        await flow.age(await flow.deleting());
        await flow.sweep();
      },
    ],
  ],
  api: [
    [
      /PutObject uploads\/statements/,
      async (_, person) => new Statements(person).upload("a.csv", SHORT).catch(() => undefined),
    ],
    [
      /objects\/rules/,
      async (_, person) => {
        await person.ask("PUT", "/api/statements/rules", { yaml: "rules: []" });
        await person.ask("GET", "/api/statements/rules");
      },
    ],
    [
      /GetObject objects\/statements/,
      async (flow, person) => person.ask("GET", `/api/statements/transactions?file=${(await flow.read()).id}`),
    ],
    [/index\/listed|BatchGetItem table\/records/, async (_, person) => person.ask("GET", "/api/statements/files")],
    [
      /table\/records|PutEvents/,
      async (flow, person) => {
        const file = await flow.read();
        await person.ask("GET", `/api/statements/files/${file.id}/timeline`);
        await flow.delete(file);
      },
    ],
  ],
};

/** The operations in the form of the list in grants.spec.ts. */
export const STATEMENT_NEEDS = Object.entries(DONE).flatMap(([of, done]) =>
  done.map(([right, doing]) => ({
    of,
    right,
    by: ({ steps, person }: StatementWorld) => doing(new Flow(steps, person), person),
  })),
);
