// A scan, as docs/ARCHITECTURE.md draws it:
//
//   start ──► dispatch ──► work ──► finish ──► report
//                            └─► quarantine ─► dead letters            each minute: sweep what was lost

import { Duration } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Construct } from "constructs";

import type { Sockets } from "../clients/sockets.ts";
import type { Buckets } from "../data/buckets.ts";
import type { Tables } from "../data/tables.ts";
import { RustFunction } from "../constructs/rust-function.ts";
import { DeadLetters, WorkQueue } from "../constructs/work-queue.ts";
import type { Settings } from "../settings.ts";
import type { Alarms } from "../monitoring/alarms.ts";
import type { Notices } from "../monitoring/notices.ts";

export interface ScanFlowProps {
  settings: Settings;
  alarms: Alarms;
  notices: Notices;
  tables: Tables;
  buckets: Buckets;
  sockets: Sockets;
}

/** How often a message is received before it goes where failed ones go. A file that kills goes to quarantine sooner. */
const RECEIVES = 5;
const RECEIVES_OF_WORK = 3;

export class ScanFlow extends Construct {
  readonly dispatcher: RustFunction;
  readonly worker: RustFunction;
  readonly quarantined: RustFunction;
  readonly finisher: RustFunction;
  readonly sweeper: RustFunction;
  readonly scheduler: RustFunction;
  readonly dispatch: WorkQueue;
  readonly work: WorkQueue;
  readonly quarantine: WorkQueue;
  readonly finish: WorkQueue;
  readonly deadLetters: DeadLetters;
  private readonly props: ScanFlowProps;

  constructor(scope: Construct, id: string, props: ScanFlowProps) {
    super(scope, id);
    this.props = props;
    const { alarms, settings } = props;
    const { concurrency } = settings;
    this.dispatcher = this.dispatching();
    this.worker = this.reading("scan-worker", "Reads files and looks for codes");
    this.quarantined = this.reading("scan-quarantine", "Reads, one at a time, what others could not");
    // It notes an attempt before it opens a file, and takes the note back when it lived.
    props.tables.scan.allow(this.quarantined, "DeleteItem");
    this.finisher = this.finishing();
    this.sweeper = this.sweeping();
    this.scheduler = this.scheduling();

    this.deadLetters = new DeadLetters(this, "scan-dead-letter", alarms);
    const dead = { receives: RECEIVES, to: this.deadLetters.queue };
    this.dispatch = new WorkQueue(this, "scan-dispatch", {
      alarms,
      consumer: this.dispatcher,
      batch: 1,
      concurrency: concurrency.dispatch,
      after: dead,
      alarm: { depth: 100, age: Duration.minutes(30) },
    });
    this.quarantine = new WorkQueue(this, "scan-quarantine-queue", {
      alarms,
      consumer: this.quarantined,
      batch: 1,
      concurrency: concurrency.quarantine,
      after: dead,
      alarm: { depth: 1_000, age: Duration.hours(1) },
    });
    this.work = new WorkQueue(this, "scan-work", {
      alarms,
      consumer: this.worker,
      batch: 10,
      concurrency: concurrency.work,
      after: { receives: RECEIVES_OF_WORK, to: this.quarantine.queue },
      // A hundred thousand files are an ordinary job.
      alarm: { depth: 500_000, age: Duration.hours(2) },
    });
    this.finish = new WorkQueue(this, "scan-finish", {
      alarms,
      consumer: this.finisher,
      batch: 1,
      concurrency: concurrency.finish,
      after: dead,
      alarm: { depth: 100, age: Duration.minutes(30) },
    });

    for (const sender of [this.dispatcher, this.sweeper]) this.work.from(sender, "WORK_QUEUE_URL");
    for (const sender of [this.dispatcher, this.worker, this.quarantined, this.sweeper]) {
      this.finish.from(sender, "FINISH_QUEUE_URL");
    }
    for (const sender of [this.sweeper, this.scheduler]) this.dispatch.from(sender, "DISPATCH_QUEUE_URL");
  }

  private dispatching(): RustFunction {
    const { tables, buckets, notices } = this.props;
    const dispatcher = this.make("scan-dispatcher", "Lists a source and hands out its files", 512, 900);
    // A retry copies the results that are kept; of a scan that is to be deleted nothing is.
    tables.scan.allow(dispatcher, "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query");
    tables.tokens.allow(dispatcher, "GetItem", "DeleteItem");
    tables.allowTokenKey(dispatcher, "Decrypt");
    buckets.objects.allowRead(dispatcher, "manifests", "results", "uploaded");
    buckets.objects.allowWrite(dispatcher, "manifests", "results");
    buckets.objects.allowDelete(dispatcher, "codes", "manifests", "results", "crops", "reports", "uploads", "uploaded");
    buckets.uploads.allowRead(dispatcher, "files", "uploaded");
    buckets.uploads.allowDelete(dispatcher, "uploaded");
    // It ends a session whose source cannot be listed.
    notices.from(dispatcher);
    this.tells(dispatcher);
    return dispatcher;
  }

  /** The worker and the quarantine read alike. A whole processor, so that a batch is done in its time. */
  private reading(name: string, description: string): RustFunction {
    const { settings, tables, buckets } = this.props;
    const reader = this.make(name, description, 1_769, 120);
    reader.set({ OCR_BACKEND: settings.ocr, OCR_PAGES_PER_SECOND: String(settings.ocrPagesPerSecond) });
    tables.scan.allow(reader, "GetItem", "PutItem", "UpdateItem");
    tables.tokens.allow(reader, "GetItem");
    tables.allowTokenKey(reader, "Decrypt");
    buckets.objects.allowRead(reader, "codes", "manifests", "results");
    buckets.objects.allowWrite(reader, "results");
    buckets.uploads.allowRead(reader, "files", "uploaded");
    if (settings.ocr === "textract") {
      reader.allowMany(["textract:DetectDocumentText"], ["*"], "Textract has no resources to name.");
      buckets.objects.allowRead(reader, "texts");
      buckets.objects.allowWrite(reader, "texts");
    }
    this.tells(reader);
    return reader;
  }

  private finishing(): RustFunction {
    const { settings, tables, buckets, notices } = this.props;
    const finisher = this.make("scan-finisher", "Verifies a scan and writes its report", 1_769, 300);
    if (settings.prices !== undefined) finisher.set({ PRICES: settings.prices });
    tables.scan.allow(finisher, "GetItem", "UpdateItem", "Query");
    tables.tokens.allow(finisher, "GetItem", "DeleteItem");
    tables.allowTokenKey(finisher, "Decrypt");
    buckets.objects.allowRead(finisher, "codes", "manifests", "results", "crops");
    buckets.objects.allowWrite(finisher, "crops", "reports");
    buckets.uploads.allowRead(finisher, "files", "uploaded");
    notices.from(finisher);
    this.tells(finisher);
    return finisher;
  }

  private sweeping(): RustFunction {
    const { tables, buckets } = this.props;
    const sweeper = this.make("scan-sweeper", "Mends what was lost, each minute", 512, 300);
    tables.scan.allow(sweeper, "GetItem", "PutItem", "UpdateItem");
    tables.scan.allowQuery(sweeper, "open");
    buckets.objects.allowRead(sweeper, "codes", "manifests", "results");
    this.tells(sweeper);
    // One that failed is followed by the next: tries of an old one would only run beside it.
    sweeper.lambda.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
    new events.Rule(this, "each-minute", {
      schedule: events.Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(sweeper.lambda, { retryAttempts: 0, maxEventAge: Duration.minutes(1) })],
    });
    return sweeper;
  }

  private scheduling(): RustFunction {
    const { tables, buckets } = this.props;
    const scheduler = this.make("scan-scheduler", "Starts a scan that is due", 256, 30);
    scheduler.set({ CONNECTIONS_TABLE: tables.connections.table.tableName });
    tables.scan.allow(scheduler, "GetItem", "PutItem");
    buckets.objects.allowWrite(scheduler, "codes");
    return scheduler;
  }

  private make(name: string, description: string, memory: number, seconds: number): RustFunction {
    const { settings, alarms } = this.props;
    return new RustFunction(this, name, { settings, alarms, description, memory, timeout: Duration.seconds(seconds) });
  }

  /** Frames go to all connections of a session; one that is gone is forgotten. */
  private tells(who: RustFunction): void {
    this.props.tables.connections.allow(who, "Query", "DeleteItem");
    this.props.sockets.allowPush(who);
  }
}
