// Texts about scans.

import type { ScanPhase, SessionState, WorkState } from "../../contracts.ts";
import { count, counted } from "../../ui/format.ts";
import { isOver, type View } from "./session.ts";

/** Returns the phase, as lists name it, for a state of a frame. `paused`: the scan waits for an access token. */
export function phaseOf(state: SessionState, paused: boolean): ScanPhase {
  const phase = state.toLowerCase() as Lowercase<SessionState>;
  const over = phase === "complete" || phase === "failed" || phase === "cancelled";
  return paused && !over ? "token_expired" : phase;
}

/** Returns the state in the terms that all flows share. */
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

/** Returns the current step; `null` if the state is enough. */
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

/** Returns the number of partly read files; `null` until they are counted at the end. */
export function partlyRead({ failed, detail }: Pick<View, "failed" | "detail">): number | null {
  const unread = detail?.unread_files ?? null;
  return unread === null ? null : Math.max(unread - failed, 0);
}

/** Returns the outcome in one sentence. */
export function verdictWords(
  { matches, processed, failed }: Pick<View, "matches" | "processed" | "failed">,
  partly: number | null,
): string {
  if (processed === 0) return "No files were found.";
  const read = [
    ...(failed > 0 ? [`${count(failed)} not read`] : []),
    ...(partly ? [`${count(partly)} only partly read`] : []),
    ...(failed === 0 && partly === 0 ? ["all files read"] : []),
  ];
  return `${[`${counted(matches, "match", "matches")} in ${counted(processed, "file")}`, ...read].join(", ")}.`;
}

/** Returns the text for a scan without failed files. */
export function noFailureWords(state: View["state"], partly: number | null): { title: string; text: string } {
  const text = "Files that cannot be read appear here, with the reason.";
  if (!isOver(state)) return { title: "No failed files so far", text };
  if (state !== "COMPLETE") return { title: "No files had failed when the scan ended", text };
  if (partly === 0) return { title: "All files were read", text };
  return { title: "No files failed", text: partly === null ? text : partlyWords(partly) };
}

export function partlyWords(partly: number): string {
  const files = partly === 1 ? "1 file was" : `${count(partly)} files were`;
  return `${files} only partly read. The Unread sheet of the report lists each part with the reason.`;
}

/** Returns what is deleted permanently with a scan, one line each. */
export function lossesOf({ uploaded }: { uploaded: boolean }): string[] {
  return [
    "its matches and all results for its files and codes",
    "its report; links to it and links in it stop working",
    ...(uploaded ? ["the files uploaded for it, unless another scan uses them"] : []),
  ];
}
