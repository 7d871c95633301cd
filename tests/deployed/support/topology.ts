// The flows with their functions and queues, as exported by shared/topology.

import { readFileSync } from "node:fs";

interface Named {
  name: string;
  url_output: string;
}

interface Stage {
  function: string;
  queue?: Named & { dead_letters?: Named };
}

interface Flow {
  name: string;
  stages: Stage[];
  sweeper: string;
  schedules: { function: string; dead_letters: Named }[];
}

const GOLDEN = new URL("../../../shared/contracts/golden/topology.v1.json", import.meta.url);
const TOPOLOGY = JSON.parse(readFileSync(GOLDEN, "utf8")) as { common: Stage[]; flows: Flow[] };

export const FUNCTIONS = [
  ...TOPOLOGY.common.map((stage) => stage.function),
  ...TOPOLOGY.flows.flatMap(({ stages, sweeper, schedules }) => [
    ...stages.map((stage) => stage.function),
    sweeper,
    ...schedules.map((schedule) => schedule.function),
  ]),
];

/** Returns the names of the queues that functions consume, of one flow or of all. */
export const queuesOf = (flow?: string): string[] => of(flow).flatMap(({ stages }) => stages.flatMap(queueOf));

/** Returns the names of dead-letter queues: that of a queue `audit` is `audit-dead-letters`. */
export const deadLettersOf = (flow?: string): string[] => of(flow).flatMap(deadLetters);

/** Returns the stack output that contains the address of a queue. */
export function outputOf(queue: string): string {
  const all = TOPOLOGY.flows.flatMap((flow) => [
    ...flow.stages.flatMap(({ queue }) => [queue, queue?.dead_letters]),
    ...flow.schedules.map((schedule) => schedule.dead_letters),
  ]);
  const found = all.find((one) => one?.name === queue);
  if (found === undefined) throw new Error(`topology has no queue ${queue}`);
  return found.url_output;
}

const of = (flow?: string) => TOPOLOGY.flows.filter(({ name }) => flow === undefined || name === flow);
const queueOf = ({ queue }: Stage) => (queue ? [queue.name] : []);

function deadLetters({ stages, schedules }: Flow): string[] {
  const own = stages.flatMap(({ queue }) => (queue?.dead_letters ? [queue.dead_letters.name] : []));
  return [...own, ...schedules.map((schedule) => schedule.dead_letters.name)];
}
