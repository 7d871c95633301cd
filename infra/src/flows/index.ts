// The function that builds each flow of shared/topology, by the flow's name.

import type { Construct } from "constructs";

import type { FlowDescription } from "../topology.ts";
import type { Flow, Platform } from "./flow.ts";
import { scan } from "./scan.ts";
import { statements } from "./statements.ts";

export type Maker = (scope: Construct, description: FlowDescription, platform: Platform) => Flow;

export type Makers = Partial<Record<string, Maker>>;

export const MAKERS: Makers = { scan, statements };
