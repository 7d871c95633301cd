// The flow of docs/adding-a-flow.md on AWS. That document quotes the code between the marks.

import { readFileSync } from "node:fs";

// page: infra
import { Duration } from "aws-cdk-lib";
import type { Construct } from "constructs";

import { Flow, type FunctionNumbers, type Platform } from "../src/flows/flow.ts";
import type { FlowDescription } from "../src/topology.ts";

const ALARM = { depth: 10_000, age: Duration.minutes(30) };

const NUMBERS: Record<string, FunctionNumbers> = {
  "note-receiver": {
    does: "Stores notes and publishes their events",
    memory: 256,
    seconds: 60,
    queue: { concurrency: 5, alarm: ALARM },
  },
  "note-counter": {
    does: "Counts the words of notes",
    memory: 256,
    seconds: 60,
    queue: { concurrency: 10, alarm: ALARM },
  },
  "note-sweeper": { does: "Publishes lost events of notes again, each minute", memory: 256, seconds: 300 },
};

export function notes(scope: Construct, description: FlowDescription, platform: Platform): Flow {
  const flow = new Flow(scope, description, platform, NUMBERS);
  const { tables, buckets, bus } = platform;
  const receiver = flow.function("note-receiver");
  const counter = flow.function("note-counter");
  const sweeper = flow.function("note-sweeper");

  tables.records.allow(counter, "GetItem", "PutItem");
  buckets.uploads.allowReadVersions(counter, flow.prefix);
  tables.records.allowQuery(sweeper, "open");
  // The record and its events.
  for (const one of [receiver, sweeper]) {
    tables.records.allow(one, "GetItem", "PutItem", "DeleteItem", "Query");
    bus.from(one);
  }
  flow.watch();
  return flow;
}
// page: end

/** The description as shared/topology would export it; a Rust test verifies this. */
const EXPORTED = new URL("../../tests/demo-flow/topology.json", import.meta.url);
const [described] = (JSON.parse(readFileSync(EXPORTED, "utf8")) as { flows: FlowDescription[] }).flows;
if (described === undefined) throw new Error("tests/demo-flow/topology.json has no flow");
export const NOTES: FlowDescription = described;
