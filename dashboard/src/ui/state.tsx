// The states that all flows share, and how they look.

import { Badge } from "@mantine/core";

import type { WorkState } from "../contracts.ts";

const NAMES: Record<WorkState, string> = {
  queued: "Queued",
  running: "Running",
  paused: "Paused",
  review: "Needs review",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

const COLORS: Record<WorkState, string> = {
  queued: "gray",
  running: "cyan",
  paused: "yellow",
  review: "yellow",
  done: "teal",
  failed: "red",
  cancelled: "gray",
};

/** Whether something is still to come of it by itself, or when a person has done their part. */
export function isOpen(state: WorkState): boolean {
  return state === "queued" || state === "running" || state === "paused";
}

export function stateName(state: WorkState): string {
  return NAMES[state];
}

/** `gone` stands in place of the state: what is deleted is neither done nor failed any more. */
export function StateBadge({ state, gone }: { state: WorkState; gone?: string | undefined }) {
  return (
    <Badge variant="dot" color={gone ? "gray" : COLORS[state]} data-state={state} data-gone={gone} flex="none">
      {gone ?? NAMES[state]}
    </Badge>
  );
}
