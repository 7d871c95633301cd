// The expected properties of each flow of shared/topology, in one file per flow. They are written by hand, because they
// must not be derived from what they check.

import { TOPOLOGY } from "../src/topology.ts";

export interface Expected {
  flow: string;
  sweeper: string;
  /** MB and seconds of each function. */
  sizes: Record<string, [number, number]>;
  /** By queue: batch size, and concurrent batches. */
  fed: Record<string, [number, number]>;
  /** By queue: the receive count after which a message moves, and the queue it moves to. */
  moves: Record<string, [number, string]>;
  /** Dead-letter queues of schedules. */
  letters: string[];
  /** Queues that receive notifications of objects in the uploads bucket. */
  uploaded: string[];
  /** By queue: the function that receives events from the bus, and the event types. */
  listens: Record<string, [string, string]>;
  /** Alarms in addition to those of every function and queue. */
  alarms: string[];
  /** Grants of each function in addition to its log and traces. */
  rights: Record<string, string[]>;
  /** Grants of the API for the flow. */
  api: string[];
  /** The variables of each function in addition to RUST_LOG. */
  told: Record<string, string>;
}

async function expectedOf(flow: string): Promise<Expected> {
  const { expected } = (await import(`./flows/${flow}.ts`)) as { expected: Omit<Expected, "flow"> };
  return { flow, ...expected };
}

export const EXPECTED = await Promise.all(TOPOLOGY.flows.map(({ name }) => expectedOf(name)));

/** Merges one expected property of all flows. */
export const allOf = <T>(part: (one: Expected) => Record<string, T>): Record<string, T> =>
  Object.fromEntries(EXPECTED.flatMap((one) => Object.entries(part(one))));
