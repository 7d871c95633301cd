// The flows with their functions, queues and triggers, as shared/topology exports them. Nothing of it is repeated here:
// flows/flow.ts turns it into resources.

import { readFileSync } from "node:fs";

const GOLDEN = new URL("../../shared/contracts/golden/topology.v1.json", import.meta.url);

export interface Topology {
  /** The source of every event of ours on the bus. */
  event_source: string;
  /** Seconds between two runs of a flow's sweeper. */
  sweep_seconds: number;
  /** Functions that no flow owns. */
  common: StageDescription[];
  flows: FlowDescription[];
}

export interface FlowDescription {
  name: string;
  /** For people. */
  title: string;
  /** In the order in which work passes them. */
  stages: StageDescription[];
  sweeper: string;
  /** Functions that are started at times which an operator sets. */
  schedules: { function: string; dead_letters: QueueName }[];
}

export interface StageDescription {
  function: string;
  trigger: Trigger;
  queue?: QueueDescription;
}

export type Trigger =
  | { kind: "queue" | "http" }
  | { kind: "bus"; flow: string; types: string[] }
  | { kind: "bucket"; prefix: string }
  | { kind: "socket"; route: string };

/** A queue, with the stack output that holds its address. */
export interface QueueName {
  name: string;
  url_output: string;
}

export interface QueueDescription extends QueueName {
  /** Most messages of one invocation. */
  batch: number;
  /** A message received this often and not deleted moves on. */
  max_receives: number;
  /** Where it moves: one of the two is set. */
  dead_letters?: QueueName;
  move_to?: { function: string; queue: string };
}

export const TOPOLOGY = JSON.parse(readFileSync(GOLDEN, "utf8")) as Topology;

/** All functions of a flow: of its stages, the sweeper, of its schedules. */
export const functionsOf = ({ stages, sweeper, schedules }: FlowDescription): string[] => [
  ...stages.map((stage) => stage.function),
  sweeper,
  ...schedules.map((schedule) => schedule.function),
];

/** The queues of a flow that functions consume. */
export const queuesOf = ({ stages }: FlowDescription): QueueDescription[] => stages.flatMap(({ queue }) => queue ?? []);

/** The dead-letter queues of a flow. */
export const deadLettersOf = (flow: FlowDescription): QueueName[] => [
  ...queuesOf(flow).flatMap((queue) => queue.dead_letters ?? []),
  ...flow.schedules.map((schedule) => schedule.dead_letters),
];
