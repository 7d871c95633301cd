// What is expected of each flow of shared/topology. It stands in files of their own, by the flows' names, and is written by
// hand: it must not follow from what it checks.

import { TOPOLOGY } from "../src/topology.ts";

export interface Expected {
  flow: string;
  sweeper: string;
  /** MB and seconds of each function. */
  sizes: Record<string, [number, number]>;
  /** By queue: messages of a batch, and batches at once. */
  fed: Record<string, [number, number]>;
  /** By queue: how often a message is received, and the queue it moves to then. */
  moves: Record<string, [number, string]>;
  /** Dead letters of schedules. */
  letters: string[];
  /** Queues that hear of objects in the uploads bucket. */
  uploaded: string[];
  /** By queue: the function that listens to the bus, and the types of events that it hears. */
  listens: Record<string, [string, string]>;
  /** Alarms beside those of every function and queue. */
  alarms: string[];
  /** What each function may do, beside its log and traces. */
  rights: Record<string, string[]>;
  /** What the API may do for the flow. */
  api: string[];
  /** The variables of each function, beside RUST_LOG. */
  told: Record<string, string>;
}

async function expectedOf(flow: string): Promise<Expected> {
  const { expected } = (await import(`./flows/${flow}.ts`)) as { expected: Omit<Expected, "flow"> };
  return { flow, ...expected };
}

export const EXPECTED = await Promise.all(TOPOLOGY.flows.map(({ name }) => expectedOf(name)));

/** One part of what is expected, of all flows. */
export const allOf = <T>(part: (one: Expected) => Record<string, T>): Record<string, T> =>
  Object.fromEntries(EXPECTED.flatMap((one) => Object.entries(part(one))));
