// What the page says of a scan.

import type { ScanPhase, SessionState, WorkState } from "../../contracts.ts";
import { count, counted } from "../../ui/format.ts";
import { isOver, type View } from "./session.ts";

/** A state of frames as lists name it. `paused`: it waits for an access token. */
export function phaseOf(state: SessionState, paused: boolean): ScanPhase {
  const phase = state.toLowerCase() as Lowercase<SessionState>;
  const over = phase === "complete" || phase === "failed" || phase === "cancelled";
  return paused && !over ? "token_expired" : phase;
}

/** The state that all flows share. */
export function stateOf(phase: ScanPhase): WorkState {
  switch (phase) {
    case "listing":
      return "queued";
    case "dispatching":
    case "running":
    case "finalizing":
      return "running";
    case "token_expired":
      return "paused";
    case "complete":
      return "done";
    default:
      return phase;
  }
}

/** What it does just now; `null` where the state says it all. */
export function detailWords(phase: ScanPhase): string | null {
  switch (phase) {
    case "listing":
      return "Listing the files";
    case "dispatching":
    case "running":
      return "Reading";
    case "finalizing":
      return "Writing the report";
    case "token_expired":
      return "Waiting for an access token";
    default:
      return null;
  }
}

/** Files that were read only in part. `null` while that is not known: it is counted at the end. */
export function partlyRead({ failed, detail }: Pick<View, "failed" | "detail">): number | null {
  const unread = detail?.unread_files ?? null;
  return unread === null ? null : Math.max(unread - failed, 0);
}

/** What came of it, in a sentence. */
export function verdictWords(
  { matches, processed, failed }: Pick<View, "matches" | "processed" | "failed">,
  partly: number | null,
): string {
  const read = [
    ...(failed > 0 ? [`${count(failed)} not read`] : []),
    ...(partly ? [`${count(partly)} read only in part`] : []),
    ...(failed === 0 && partly === 0 ? ["every file was read"] : []),
  ];
  return `${[`${counted(matches, "match", "matches")} in ${counted(processed, "file")}`, ...read].join(", ")}.`;
}

/** Said where no file has failed. */
export function noFailureWords(state: View["state"], partly: number | null): { title: string; text: string } {
  const text = "A file that cannot be read is listed here, with the reason.";
  if (!isOver(state)) return { title: "No file has failed so far", text };
  if (state !== "COMPLETE") return { title: "No file had failed when the scan ended", text };
  if (partly === 0) return { title: "Every file was read", text };
  return { title: "No file failed", text: partly === null ? text : partlyWords(partly) };
}

export function partlyWords(partly: number): string {
  const files = partly === 1 ? "1 file was" : `${count(partly)} files were`;
  return `${files} read only in part. The sheet Unread of the report names each part and says why.`;
}

/** What goes for good with a scan, line by line. */
export function lossesOf({ uploaded }: { uploaded: boolean }): string[] {
  return [
    "its matches, and what is known of its files and codes",
    "its report: links to it and from it lead nowhere any more",
    ...(uploaded ? ["the files that were uploaded for it, unless another scan uses them"] : []),
  ];
}
