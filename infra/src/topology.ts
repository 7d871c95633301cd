// The flows with their functions, queues and triggers, as exported by shared/topology. flows/flow.ts turns them into
// resources.

import { readFileSync } from "node:fs";

const GOLDEN = new URL("../../shared/contracts/golden/topology.v1.json", import.meta.url);

export interface Topology {
  /** The source of all events of Riffle on the bus. */
  event_source: string;
  /** Seconds between two runs of a flow's sweeper. */
  sweep_seconds: number;
  /** Functions that belong to no flow. */
  common: StageDescription[];
  flows: FlowDescription[];
}

export interface FlowDescription {
  name: string;
  /** Display name. */
  title: string;
  /** The stages, in processing order. */
  stages: StageDescription[];
  sweeper: string;
  /** Functions that run on schedules set by the operator. */
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
  /** Most messages per invocation. */
  batch: number;
  /** A message that was received this often without being deleted is moved. */
  max_receives: number;
  /** The queue to which it moves: one of the two is set. */
  dead_letters?: QueueName;
  move_to?: { function: string; queue: string };
}

export const TOPOLOGY = JSON.parse(readFileSync(GOLDEN, "utf8")) as Topology;

/** Returns all functions of a flow: those of its stages, the sweeper and those of its schedules. */
export const functionsOf = ({ stages, sweeper, schedules }: FlowDescription): string[] => [
  ...stages.map((stage) => stage.function),
  sweeper,
  ...schedules.map((schedule) => schedule.function),
];

/** Returns the queues of a flow that functions consume. */
export const queuesOf = ({ stages }: FlowDescription): QueueDescription[] => stages.flatMap(({ queue }) => queue ?? []);

/** Returns the dead-letter queues of a flow. */
export const deadLettersOf = (flow: FlowDescription): QueueName[] => [
  ...queuesOf(flow).flatMap((queue) => queue.dead_letters ?? []),
  ...flow.schedules.map((schedule) => schedule.dead_letters),
];
