// The states that all flows share, and their badges.

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

/** Returns whether work continues by itself or after an action of the user. */
export function isOpen(state: WorkState): boolean {
  return state === "queued" || state === "running" || state === "paused";
}

export function stateName(state: WorkState): string {
  return NAMES[state];
}

/** `gone` replaces the state: a deleted item is neither done nor failed. */
export function StateBadge({ state, gone }: { state: WorkState; gone?: string | undefined }) {
  return (
    <Badge variant="dot" color={gone ? "gray" : COLORS[state]} data-state={state} data-gone={gone} flex="none">
      {gone ?? NAMES[state]}
    </Badge>
  );
}
