// What the page says of a scan.

import type { SessionState } from "../../contracts.ts";
import { count, counted } from "../../ui/format.ts";
import type { State } from "../../ui/state.tsx";
import type { View } from "./session.ts";

/** A scan's own state as one that all flows share. `paused`: it waits for an access token. */
export function stateOf(state: SessionState, paused = false): State {
  switch (state) {
    case "COMPLETE":
      return "done";
    case "FAILED":
      return "failed";
    case "CANCELLED":
      return "cancelled";
    case "LISTING":
      return paused ? "paused" : "queued";
    default:
      return paused ? "paused" : "running";
  }
}

/** What it does just now; `null` where the state says it all. */
export function detailWords(state: SessionState, paused = false): string | null {
  if (paused && stateOf(state, paused) === "paused") return "Waiting for an access token";
  switch (state) {
    case "LISTING":
      return "Listing the files";
    case "DISPATCHING":
    case "RUNNING":
      return "Reading";
    case "FINALIZING":
      return "Writing the report";
    default:
      return null;
  }
}

/** What came of it, in a sentence. */
export function verdictWords({ matches, processed, failed }: Pick<View, "matches" | "processed" | "failed">): string {
  const read = failed === 0 ? "every file was read" : `${count(failed)} not read`;
  return `${counted(matches, "match", "matches")} in ${counted(processed, "file")}, ${read}.`;
}

/** What goes for good with a scan, line by line. */
export function lossesOf({ uploaded }: { uploaded: boolean }): string[] {
  return [
    "its matches, and what is known of its files and codes",
    "its report: links to it and from it lead nowhere any more",
    ...(uploaded ? ["the files that were uploaded for it, unless another scan uses them"] : []),
  ];
}
