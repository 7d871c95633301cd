// The states that all flows share, and how they look.

import { Badge } from "@mantine/core";

/** As lists of the API and filters name them. */
export type State = "queued" | "running" | "paused" | "review" | "done" | "failed" | "cancelled";

const NAMES: Record<State, string> = {
  queued: "Queued",
  running: "Running",
  paused: "Paused",
  review: "Needs review",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

const COLORS: Record<State, string> = {
  queued: "gray",
  running: "cyan",
  paused: "yellow",
  review: "yellow",
  done: "teal",
  failed: "red",
  cancelled: "gray",
};

export function stateName(state: State): string {
  return NAMES[state];
}

/** `gone` stands in place of the state: what is deleted is neither done nor failed any more. */
export function StateBadge({ state, gone }: { state: State; gone?: string | undefined }) {
  return (
    <Badge variant="dot" color={gone ? "gray" : COLORS[state]} data-state={state} data-gone={gone} flex="none">
      {gone ?? NAMES[state]}
    </Badge>
  );
}
