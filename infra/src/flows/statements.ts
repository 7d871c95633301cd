// Statements, as docs/ARCHITECTURE.md draws it:
//
//   bucket ──► uploads ──► s3-event-handler ──► bus ──► rules ──► file-processor · categorization · analytics · audit · errors
//
// Each queue has dead letters of its own, so that one is handed out again to where it failed. Each minute: announce what
// was not announced, end what was not ended.

import { Duration, Size } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Construct } from "constructs";

import type { Buckets } from "../data/buckets.ts";
import type { Tables } from "../data/tables.ts";
import { RustFunction } from "../constructs/rust-function.ts";
import { DeadLetters, WorkQueue } from "../constructs/work-queue.ts";
import type { Settings } from "../settings.ts";
import type { Alarms } from "../monitoring/alarms.ts";
import { Bus } from "./bus.ts";
import { type Consumer, routes } from "./routes.ts";

export interface IngestFlowProps {
  settings: Settings;
  alarms: Alarms;
  tables: Tables;
  buckets: Buckets;
}

/** What people and programs put below it are statements. */
const STATEMENTS = "statements";
/** Which transactions a file shows. */
const PARTS = "ingest";

/** What tenants say of their transactions. */
const RULES = "rules";

/** Of a processor's disk: the largest statement that is taken has 4 GiB. */
const LARGEST = Size.gibibytes(6);

/** How often a message is received before it is a dead letter. The functions know it too: the last time they say why. */
const RECEIVES = 5;

/** A queue, who takes from it, and where it leaves what failed. */
export interface Stage {
  consumer: RustFunction;
  queue: WorkQueue;
  deadLetters: DeadLetters;
  /** `AUDIT` of `AUDIT_QUEUE_URL` and `AUDIT_DEAD_LETTERS_URL`. */
  variable: string;
}

interface StageProps {
  batch: number;
  concurrency: number;
  alarm: { depth: number; age: Duration };
}

export class IngestFlow extends Construct {
  readonly bus: Bus;
  readonly sweeper: RustFunction;
  readonly uploads: Stage;
  readonly processor: Stage;
  /** In the order of the way of a file. */
  readonly stages: Stage[];
  private readonly props: IngestFlowProps;

  constructor(scope: Construct, id: string, props: IngestFlowProps) {
    super(scope, id);
    this.props = props;
    const { settings, buckets } = props;
    const { uploads, processor, consumers } = settings.concurrency;
    this.bus = new Bus(this, "events", settings);
    // A hundred thousand files are an ordinary day.
    const many = { depth: 500_000, age: Duration.hours(2) };
    this.uploads = this.stage("file-uploads", this.receiving(), {
      batch: 10,
      concurrency: uploads,
      alarm: { depth: 500_000, age: Duration.minutes(30) },
    });
    // A file may take all of a function's time.
    this.processor = this.stage("file-processor", this.processing(), { batch: 1, concurrency: processor, alarm: many });
    const others = { concurrency: consumers, alarm: many };
    this.stages = [
      this.uploads,
      this.processor,
      this.stage("categorization", this.categorizing(), { ...others, batch: 1 }),
      this.stage("analytics", this.deriving(), { ...others, batch: 5 }),
      this.stage("audit", this.recording(), { ...others, batch: 10 }),
      this.stage("errors", this.noting(), { ...others, batch: 10 }),
    ];
    this.sweeper = this.sweeping();

    const heard = routes();
    for (const { consumer, queue, deadLetters } of this.stages.slice(1)) {
      const name = consumer.node.id as Consumer;
      this.bus.lead(name, heard.get(name) ?? [], queue.queue, deadLetters.queue);
    }
    buckets.uploads.notify(this.uploads.queue.queue, `${STATEMENTS}/`);
    this.send(this.sweeper, this.processor);
    if (settings.processingMode !== "events") this.send(this.uploads.consumer, this.processor);
  }

  /** What the HTTP API does for people: lists, takes uploads, lets files be deleted, hands dead letters out again. */
  serve(api: RustFunction): void {
    const { tables, buckets } = this.props;
    tables.ingest.allow(api, "GetItem", "PutItem", "DeleteItem", "BatchGetItem", "Query");
    tables.ingest.allowQuery(api, "listed");
    buckets.objects.allowRead(api, PARTS, RULES);
    buckets.objects.allowWrite(api, RULES);
    buckets.uploads.allowWrite(api, STATEMENTS);
    this.bus.from(api);
    for (const stage of this.stages) {
      this.send(api, stage);
      const actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"];
      api.allow(actions, [stage.deadLetters.queue.queueArn]);
      api.set({ [`${stage.variable}_DEAD_LETTERS_URL`]: stage.deadLetters.queue.queueUrl });
    }
  }

  private receiving(): RustFunction {
    const { settings, tables, buckets } = this.props;
    const handler = this.make("s3-event-handler", "Notes uploaded statements and tells of them", 256, 60);
    handler.set({ PROCESSING_MODE: settings.processingMode });
    if (settings.restorePrefix !== undefined) handler.set({ RESTORE_PREFIX: settings.restorePrefix });
    tables.ingest.allow(handler, "GetItem", "PutItem");
    buckets.uploads.allowReadVersions(handler, STATEMENTS);
    buckets.uploads.allowTags(handler, STATEMENTS);
    this.bus.from(handler);
    return handler;
  }

  /** A whole processor, and room for the largest file: it is read from the disk. */
  private processing(): RustFunction {
    const { tables, buckets } = this.props;
    const processor = this.make("file-processor-consumer", "Reads statements", 1_769, 600, LARGEST);
    tables.ingest.allow(processor, "BatchGetItem", "ConditionCheckItem");
    buckets.uploads.allowReadVersions(processor, STATEMENTS);
    buckets.objects.allowWrite(processor, PARTS);
    this.removes(processor);
    return processor;
  }

  /** A file and all that came of it, and tells of it. */
  private removes(who: RustFunction): void {
    const { tables, buckets } = this.props;
    tables.ingest.allow(who, "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query");
    buckets.objects.allowRead(who, PARTS);
    buckets.objects.allowDelete(who, PARTS);
    buckets.uploads.allowDeleteVersions(who, STATEMENTS);
    this.bus.from(who);
  }

  private categorizing(): RustFunction {
    const { tables, buckets } = this.props;
    const categorizer = this.make("categorization-consumer", "Says what transactions are for", 1_024, 300);
    tables.ingest.allow(categorizer, "BatchGetItem", "UpdateItem");
    buckets.objects.allowRead(categorizer, PARTS, RULES);
    this.bus.from(categorizer);
    return categorizer;
  }

  private deriving(): RustFunction {
    const deriver = this.make("analytics-consumer", "Derives the figures of months", 1_024, 300);
    this.props.tables.ingest.allow(deriver, "GetItem", "PutItem", "Query");
    this.bus.from(deriver);
    return deriver;
  }

  private recording(): RustFunction {
    const recorder = this.make("audit-consumer", "Keeps every event", 256, 300);
    // What comes of a file that is gone is forgotten at once.
    this.props.tables.ingest.allow(recorder, "GetItem", "PutItem", "DeleteItem", "Query");
    this.bus.from(recorder);
    return recorder;
  }

  private noting(): RustFunction {
    const noter = this.make("error-consumer", "Notes on a file what failed for good", 256, 300);
    this.props.tables.ingest.allow(noter, "GetItem", "PutItem");
    return noter;
  }

  private sweeping(): RustFunction {
    const { tables } = this.props;
    const sweeper = this.make("ingest-sweeper", "Announces and ends what was left, each minute", 512, 300);
    tables.ingest.allow(sweeper, "BatchGetItem");
    tables.ingest.allowQuery(sweeper, "open");
    this.removes(sweeper);
    // One that failed is followed by the next: tries of an old one would only run beside it.
    sweeper.lambda.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
    new events.Rule(this, "each-minute", {
      schedule: events.Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(sweeper.lambda, { retryAttempts: 0, maxEventAge: Duration.minutes(1) })],
    });
    return sweeper;
  }

  private make(name: string, description: string, memory: number, seconds: number, disk?: Size): RustFunction {
    const { settings, alarms, tables } = this.props;
    const timeout = Duration.seconds(seconds);
    const made = new RustFunction(this, name, {
      ...{ settings, alarms, description, memory, timeout },
      ...(disk && { disk }),
    });
    made.set({ INGEST_TABLE: tables.ingest.table.tableName });
    return made;
  }

  private stage(name: string, consumer: RustFunction, { batch, concurrency, alarm }: StageProps): Stage {
    const { alarms } = this.props;
    const deadLetters = new DeadLetters(this, `${name}-dead-letters`, alarms);
    const after = { receives: RECEIVES, to: deadLetters.queue };
    const queue = new WorkQueue(this, name, { alarms, consumer, batch, concurrency, after, alarm });
    return { consumer, queue, deadLetters, variable: name.replaceAll("-", "_").toUpperCase() };
  }

  private send(sender: RustFunction, { queue, variable }: Stage): void {
    queue.from(sender, `${variable}_QUEUE_URL`);
  }
}
