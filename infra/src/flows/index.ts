// Who makes each flow of shared/topology.

import type { Construct } from "constructs";

import type { FlowDescription } from "../topology.ts";
import type { Flow, Platform } from "./flow.ts";
import { scan } from "./scan.ts";
import { statements } from "./statements.ts";

export type Maker = (scope: Construct, description: FlowDescription, platform: Platform) => Flow;

export const MAKERS: Partial<Record<string, Maker>> = { scan, statements };
