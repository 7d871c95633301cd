// All flows of the page, by name. The server decides which of them are enabled.

import type { Config } from "../contracts.ts";
import type { Flow } from "./flow.ts";

// In one script: a chunk that is loaded lazily could fail while the network is down.
const modules = import.meta.glob<Flow>("./*/index.tsx", { eager: true });

const FLOWS = new Map(Object.entries(modules).map(([path, flow]) => [path.split("/")[1] ?? "", flow]));

/** Returns the flows that the server lists, in its order. Flows unknown to this page are omitted. */
export function flowsOf(config: Config): [string, Flow][] {
  return config.flows.flatMap((name) => {
    const flow = FLOWS.get(name);
    return flow ? [[name, flow] as [string, Flow]] : [];
  });
}

export function flowNamed(name: string): Flow | undefined {
  return FLOWS.get(name);
}
