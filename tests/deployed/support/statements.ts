// Statements, uploaded by users or programs, and their results.

import {
  CreateArchiveCommand,
  DescribeEventBusCommand,
  PutEventsCommand,
  StartReplayCommand,
} from "@aws-sdk/client-eventbridge";
import { PutObjectCommand } from "@aws-sdk/client-s3";

import { type Person, post } from "./people.ts";
import { bus, outputs, storage } from "./stack.ts";
import { long, stored, waiting } from "./state.ts";
import { queuesOf } from "./topology.ts";
import { until } from "./until.ts";

export interface StatementFile {
  id: string;
  name: string;
  state: string;
  /** The state in the flow's own terms. */
  detail: string;
  rows: number;
  new: number;
  duplicates: number;
  reason: string | null;
  errors: { stage: string; reason: string }[];
}

interface TransactionItem {
  account: string;
  date: string;
  amount: string;
  description: string;
  category: string | null;
  file: string;
}

interface Letter {
  id: string;
  flow: string;
  stage: string;
  subject: string;
  subject_name: string | null;
  reason: string | null;
}

/** Returns a statement with one row per day of January from `from` to `to`; the row of a day is always the same. */
export function statement(from: number, to: number): string {
  const rows = Array.from({ length: to - from + 1 }, (_, at) => {
    const day = String(from + at).padStart(2, "0");
    return `2026-01-${day},Booking number ${day},${(from + at) * -10}.50,EUR`;
  });
  return ["Date,Description,Amount,Currency", ...rows, ""].join("\n");
}

/** A user's statements, over HTTP. */
export class Statements {
  constructor(private readonly person: Person) {}

  /** Uploads a statement as the page does; returns its key. */
  async upload(name: string, content: string, account?: string): Promise<string> {
    const body = Buffer.from(content);
    const form = await this.person.json<{ url: string; fields: Record<string, string> }>(
      "POST",
      "/api/statements/files",
      {
        name,
        size: body.length,
        ...(account && { account }),
      },
    );
    await post({ ...form, method: "POST" }, body);
    return form.fields.key ?? "";
  }

  /** Uploads a statement as a program does, directly to the bucket. */
  put = (name: string, content: string) =>
    storage.send(
      new PutObjectCommand({
        Bucket: outputs.UploadsBucket,
        Key: `statements/${this.person.tenant}/${name}`,
        Body: content,
      }),
    );

  async files(): Promise<StatementFile[]> {
    return (await this.person.json<{ files: StatementFile[] }>("GET", "/api/statements/files")).files;
  }

  /** Waits until the file of this name has this state, in the flow's own terms. */
  file = (name: string, detail: string, milliseconds?: number) =>
    until(
      `${name} ${detail}`,
      async () => (await this.files()).find((file) => file.name === name && file.detail === detail),
      milliseconds,
    );

  async transactions(filter = ""): Promise<TransactionItem[]> {
    const route = `/api/statements/transactions?${filter}`;
    return (await this.person.json<{ transactions: TransactionItem[] }>("GET", route)).transactions;
  }

  figures = () =>
    this.person.json<{ months: { month: string; count: number; money_out: string }[] }>(
      "GET",
      "/api/statements/figures",
    );

  async timeline(id: string): Promise<string[]> {
    const route = `/api/statements/files/${id}/timeline`;
    const { events } = await this.person.json<{ events: { event_type: string }[] }>("GET", route);
    return events.map(({ event_type }) => event_type);
  }

  async letters(): Promise<Letter[]> {
    return (await this.person.json<{ letters: Letter[] }>("GET", "/api/dead-letters?flow=statements")).letters;
  }

  async redrive(ids: string[]): Promise<number> {
    return (await this.person.json<{ count: number }>("POST", "/api/dead-letters/redrive", { ids })).count;
  }

  /** Returns everything that the user sees, in one object. */
  async seen(): Promise<object> {
    const files = await this.files();
    return {
      files,
      transactions: await this.transactions(),
      figures: await this.figures(),
      timelines: await Promise.all(files.map(({ id }) => this.timeline(id))),
    };
  }
}

/** Waits until all queues of the statements flow are empty. */
export async function quiet(): Promise<void> {
  // Three times in a row, because a message between two queues is in neither.
  let still = 0;
  await until("quiet queues", async () => {
    const counts = await Promise.all(queuesOf("statements").map(waiting));
    still = counts.every((count) => count === 0) ? still + 1 : 0;
    return still >= 3;
  });
}

/** Returns the events of a tenant in the audit trail, as they were published. */
export async function kept(tenant: string): Promise<{ detail_type: string; detail: string }[]> {
  const items = await stored(outputs.RecordsTable);
  return items
    .filter((item) => item.list?.S === `A#${tenant}`)
    .map((item) => JSON.parse(long(item.en)) as { event_type: string; event: string })
    .map(({ event_type, event }) => ({ detail_type: event_type, detail: event }));
}

/** Returns how often the figures of a tenant were derived. */
export async function derived(tenant: string): Promise<number> {
  const items = await stored(outputs.RecordsTable);
  const versions = items.filter((item) => item.pk?.S === `G#${tenant}`).map((item) => Number(item.vn?.N));
  return versions.reduce((sum, version) => sum + version, 0);
}

/** Publishes events again. */
export async function tell(events: { detail_type: string; detail: string }[]): Promise<void> {
  const Entries = events.map(({ detail_type, detail }) => ({
    EventBusName: outputs.EventBus,
    Source: "riffle",
    DetailType: detail_type,
    Detail: detail,
  }));
  const { FailedEntryCount } = await bus.send(new PutEventsCommand({ Entries }));
  if (FailedEntryCount) throw new Error(`${FailedEntryCount} events were not accepted`);
}

/** An event archive for replays. Created here, because the emulator does not create the archive of the stack. */
export class Archive {
  private readonly since = new Date(Date.now() - 60_000);

  private constructor(
    private readonly of: string,
    private readonly archive: string,
  ) {}

  static async begin(name: string): Promise<Archive> {
    const { Arn } = await bus.send(new DescribeEventBusCommand({ Name: outputs.EventBus }));
    const made = await bus.send(new CreateArchiveCommand({ ArchiveName: name, EventSourceArn: Arn }));
    return new Archive(Arn ?? "", made.ArchiveArn ?? "");
  }

  /** Replays the archive to the consumer with whose name the replay's name starts. */
  async replay(name: string, rule: string): Promise<void> {
    const FilterArns = [`${this.of.replace(":event-bus/", ":rule/")}/${rule}`];
    await bus.send(
      new StartReplayCommand({
        ReplayName: name,
        EventSourceArn: this.archive,
        EventStartTime: this.since,
        EventEndTime: new Date(Date.now() + 60_000),
        Destination: { Arn: this.of, FilterArns },
      }),
    );
  }
}
