// The statements flow, as in docs/flows/statements.md: the grants and sizes of its functions.

import { Duration, Size } from "aws-cdk-lib";
import type { Construct } from "constructs";

import type { RustFunction } from "../constructs/rust-function.ts";
import { graph, ours } from "../monitoring/metrics.ts";
import type { FlowDescription } from "../topology.ts";
import { Flow, type FunctionNumbers, type Platform } from "./flow.ts";

/** Prefix of the lists of the transactions in each file. */
const PARTS = "statements";
/** Prefix of the tenants' categorisation rules. */
const RULES = "rules";

/** A hundred thousand files a day are ordinary load. */
const MANY = { depth: 500_000, age: Duration.hours(2) };
const OTHERS = { seconds: 300, queue: { concurrency: 10, alarm: MANY } };

const NUMBERS: Record<string, FunctionNumbers> = {
  "s3-event-handler": {
    does: "Records uploaded statements and publishes events about them",
    memory: 256,
    seconds: 60,
    queue: { concurrency: 10, alarm: { depth: 500_000, age: Duration.minutes(30) } },
  },
  // One full vCPU, and disk space for the largest file, 4 GiB: it is read from disk and may take all of the timeout.
  "file-processor-consumer": {
    does: "Reads statements",
    memory: 1_769,
    seconds: 600,
    disk: Size.gibibytes(6),
    queue: { concurrency: 20, alarm: MANY },
  },
  "categorization-consumer": { does: "Assigns categories to transactions", memory: 1_024, ...OTHERS },
  "analytics-consumer": { does: "Computes the monthly figures", memory: 1_024, ...OTHERS },
  "audit-consumer": { does: "Stores every event for the audit trail", memory: 256, ...OTHERS },
  "error-consumer": { does: "Records permanent failures on their statement", memory: 256, ...OTHERS },
  "statements-sweeper": { does: "Publishes late events and repairs lost work, each minute", memory: 512, seconds: 300 },
};

export function statements(scope: Construct, description: FlowDescription, platform: Platform): Flow {
  const flow = new Flow(scope, description, platform, NUMBERS);
  const { settings, tables, buckets, bus, alarms } = platform;
  const { api } = platform.clients;
  const handler = flow.function("s3-event-handler");
  const processor = flow.function("file-processor-consumer");
  const categorizer = flow.function("categorization-consumer");
  const deriver = flow.function("analytics-consumer");
  const recorder = flow.function("audit-consumer");
  const noter = flow.function("error-consumer");
  const sweeper = flow.function("statements-sweeper");
  const files = flow.prefix;

  handler.set({ PROCESSING_MODE: settings.processingMode });
  if (settings.restorePrefix !== undefined) handler.set({ RESTORE_PREFIX: settings.restorePrefix });
  tables.records.allow(handler, "GetItem", "PutItem");
  buckets.uploads.allowReadVersions(handler, files);
  buckets.uploads.allowTags(handler, files);
  if (settings.processingMode !== "events") flow.send(handler, "statements-process");

  tables.records.allow(processor, "BatchGetItem", "ConditionCheckItem");
  buckets.uploads.allowReadVersions(processor, files);
  buckets.objects.allowWrite(processor, PARTS);

  tables.records.allow(sweeper, "BatchGetItem");
  tables.records.allowQuery(sweeper, "open");
  flow.send(sweeper, "statements-process");

  // A file and everything derived from it.
  for (const remover of [processor, sweeper]) {
    tables.records.allow(remover, "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query");
    buckets.objects.allowRead(remover, PARTS);
    buckets.objects.allowDelete(remover, PARTS);
    buckets.uploads.allowDeleteVersions(remover, files);
  }

  // Requests the figures of a deleted file without the bus, because the bus archives its events.
  for (const sender of [processor, sweeper, categorizer]) flow.send(sender, "statements-figures");
  tables.records.allow(categorizer, "BatchGetItem", "GetItem", "UpdateItem");
  buckets.objects.allowRead(categorizer, PARTS, RULES);

  tables.records.allow(deriver, "ConditionCheckItem", "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query");
  // Late results of a deleted file are removed at once.
  tables.records.allow(recorder, "GetItem", "PutItem", "DeleteItem", "Query");
  tables.records.allow(noter, "GetItem", "PutItem");

  // Users list, upload and delete files, and edit the categorisation rules.
  tables.records.allow(api, "GetItem", "PutItem", "DeleteItem", "BatchGetItem", "Query");
  tables.records.allowQuery(api, "listed");
  buckets.objects.allowRead(api, PARTS, RULES);
  buckets.objects.allowWrite(api, RULES);
  buckets.uploads.allowWrite(api, files);

  const publishers: RustFunction[] = [handler, processor, categorizer, deriver, recorder, sweeper, api];
  for (const publisher of publishers) bus.from(publisher);

  const failed = ours("FailuresForGood", "Sum");
  alarms.add(flow.stateless, "files-failed", {
    metric: failed,
    threshold: 0,
    periods: 1,
    says: "Work on a statement failed permanently or a file was rejected; the page shows the reason",
    runbook: "failed-files",
  });
  const counts = ["UploadsReceived", "StatementsProcessed", "StatementsRejected", "FilesRevived", "FilesGivenUp"];
  flow.watch(
    [
      graph(
        "Files",
        counts.map((name) => ours(name, "Sum")),
      ),
      graph("Permanent failures", [failed]),
    ],
    [
      graph("From the start of a statement to its end, ms", [
        ours("ProcessingMilliseconds", "p50"),
        ours("ProcessingMilliseconds", "p99"),
      ]),
      graph("Publishing, p99, ms", [ours("PublishMilliseconds", "p99")]),
    ],
    [graph("Events published by the sweeper", [ours("OutboxSwept", "Sum")])],
  );
  return flow;
}
