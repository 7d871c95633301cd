// All flows of the page, by name. Which of them are there is the server's to say.

import type { Config } from "../contracts.ts";
import type { Flow } from "./flow.ts";

// In one script: a part loaded later, while the network is cut, would leave the page without it.
const modules = import.meta.glob<Flow>("./*/index.tsx", { eager: true });

const FLOWS = new Map(Object.entries(modules).map(([path, flow]) => [path.split("/")[1] ?? "", flow]));

/** Those that the server has, in its order. One that this page does not know is left out. */
export function flowsOf(config: Config): [string, Flow][] {
  return config.flows.flatMap((name) => {
    const flow = FLOWS.get(name);
    return flow ? [[name, flow] as [string, Flow]] : [];
  });
}

export function flowNamed(name: string): Flow | undefined {
  return FLOWS.get(name);
}
