// The scan flow, as in docs/flows/scan.md: the grants and sizes of its functions.

import { Duration } from "aws-cdk-lib";
import type { Construct } from "constructs";

import { graph, ours } from "../monitoring/metrics.ts";
import type { Settings } from "../settings.ts";
import type { FlowDescription } from "../topology.ts";
import { Flow, type FunctionNumbers, type Platform } from "./flow.ts";
import { ScheduledScans } from "./scheduled-scans.ts";

/** These queues contain jobs, not files. */
const JOBS = { concurrency: 5, alarm: { depth: 100, age: Duration.minutes(30) } };
/** One full vCPU, so that a batch finishes before the timeout. */
const READING = { memory: 1_769, seconds: 120 };

const NUMBERS: Record<string, FunctionNumbers> = {
  "scan-dispatcher": { does: "Lists a source and queues its files", memory: 512, seconds: 900, queue: JOBS },
  "scan-worker": {
    does: "Reads files and searches for codes",
    ...READING,
    // A hundred thousand files are an ordinary scan.
    queue: { concurrency: 50, alarm: { depth: 500_000, age: Duration.hours(2) } },
  },
  "scan-quarantine": {
    does: "Reads files at which a worker died, one at a time",
    ...READING,
    queue: { concurrency: 2, alarm: { depth: 1_000, age: Duration.hours(1) } },
  },
  "scan-finisher": { does: "Verifies a scan and writes its report", memory: 1_769, seconds: 300, queue: JOBS },
  "scan-sweeper": { does: "Repairs lost work, each minute", memory: 512, seconds: 300 },
  // It may have to parse a list of codes, in a process of up to 256 MB.
  "scan-scheduler": { does: "Starts a scan that is due", memory: 512, seconds: 30 },
};

export function scan(scope: Construct, description: FlowDescription, platform: Platform): Flow {
  const flow = new Flow(scope, description, platform, NUMBERS);
  const { settings, tables, buckets, notices, sockets, clients, alarms, pageUrl } = platform;
  const dispatcher = flow.function("scan-dispatcher");
  const worker = flow.function("scan-worker");
  const quarantine = flow.function("scan-quarantine");
  const finisher = flow.function("scan-finisher");
  const sweeper = flow.function("scan-sweeper");
  const scheduler = flow.function("scan-scheduler");

  // A retry copies the kept results; a scan that is being deleted loses all of its data.
  tables.scan.allow(dispatcher, "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query");
  tables.tokens.allow(dispatcher, "GetItem", "DeleteItem");
  tables.allowTokenKey(dispatcher, "Decrypt");
  buckets.objects.allowRead(dispatcher, "manifests", "results", "uploaded");
  buckets.objects.allowWrite(dispatcher, "manifests", "results");
  buckets.objects.allowDelete(dispatcher, "codes", "manifests", "results", "crops", "reports", "uploads", "uploaded");
  // A retry checks each failed file again, also those of an upload.
  buckets.uploads.allowRead(dispatcher, "files", "uploaded");
  buckets.uploads.allowDelete(dispatcher, "uploaded");
  // It ends a session if its source cannot be listed.
  notices.from(dispatcher);
  flow.send(dispatcher, "scan-work", "scan-finish");

  if (Object.keys(settings.quotas).length > 0) {
    // The usage of tenants is counted by the function that causes it.
    const counting = [worker, quarantine, scheduler, clients.api, clients.otherwise];
    for (const one of counting) one.set({ QUOTAS: JSON.stringify(settings.quotas) });
  }
  for (const reader of [worker, quarantine]) {
    reader.set({ OCR_BACKEND: settings.ocr, OCR_PAGES_PER_SECOND: String(settings.ocrPagesPerSecond) });
    // For redelivered files it reads the stored results.
    tables.scan.allow(reader, "GetItem", "PutItem", "UpdateItem", "Query");
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
    flow.send(reader, "scan-finish");
  }
  // It records an attempt before it opens a file, and deletes the record if it has survived.
  tables.scan.allow(quarantine, "DeleteItem");

  if (settings.prices !== undefined) finisher.set({ PRICES: settings.prices });
  tables.scan.allow(finisher, "GetItem", "UpdateItem", "Query");
  tables.tokens.allow(finisher, "GetItem", "DeleteItem");
  tables.allowTokenKey(finisher, "Decrypt");
  buckets.objects.allowRead(finisher, "codes", "manifests", "results", "crops");
  buckets.objects.allowWrite(finisher, "crops", "reports");
  buckets.uploads.allowRead(finisher, "files", "uploaded");
  notices.from(finisher);

  tables.scan.allow(sweeper, "GetItem", "PutItem", "UpdateItem");
  tables.scan.allowQuery(sweeper, "open");
  buckets.objects.allowRead(sweeper, "codes", "manifests", "results");
  flow.send(sweeper, "scan-dispatch", "scan-work", "scan-finish");

  scheduler.set({ CONNECTIONS_TABLE: tables.connections.table.tableName });
  tables.scan.allow(scheduler, "GetItem", "PutItem", "UpdateItem");
  buckets.objects.allowWrite(scheduler, "codes");
  flow.send(scheduler, "scan-dispatch");
  new ScheduledScans(flow.stateless, "scheduled", {
    scans: settings.scheduledScans,
    scheduler,
    deadLetters: flow.deadLettersOf("scan-scheduler"),
    codes: buckets.objects,
  });

  // Frames are pushed to all connections of a session; closed ones are deleted.
  for (const pusher of [dispatcher, worker, quarantine, finisher, sweeper]) {
    tables.connections.allow(pusher, "Query", "DeleteItem");
    sockets.allowPush(pusher);
  }
  // Users start a scan with a frame and delete one over HTTP.
  for (const client of [clients.otherwise, clients.api]) flow.send(client, "scan-dispatch");
  const readers = [clients.otherwise, clients.api, dispatcher, worker, quarantine, finisher];
  for (const reader of readers) reader.set(drive(settings));
  for (const who of [...readers, sweeper, scheduler]) who.set({ PAGE_URL: pageUrl });

  const pastDeadline = ours("SessionsPastDeadline", "Maximum");
  alarms.add(flow.stateless, "sessions-past-deadline", {
    metric: pastDeadline,
    threshold: 0,
    periods: 2,
    says: "A scan is neither finished nor failed after its deadline: the sweeper could not end it",
    runbook: "session-past-deadline",
  });
  flow.watch([graph("Sessions past their deadline", [pastDeadline])]);
  return flow;
}

const drive = ({ googleDrive, driveFolder, driveEndpoint }: Settings): Record<string, string> => ({
  GOOGLE_DRIVE: googleDrive ? "on" : "off",
  ...(driveFolder !== undefined && { DRIVE_FOLDER_ID: driveFolder }),
  ...(driveEndpoint !== undefined && { DRIVE_ENDPOINT: driveEndpoint }),
});
