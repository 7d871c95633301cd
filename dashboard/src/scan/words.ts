import type { SessionState } from "../contracts.ts";

/** A session's state as a person says it. */
export function stateWords(state: SessionState): string {
  switch (state) {
    case "LISTING":
      return "Listing the files";
    case "DISPATCHING":
    case "RUNNING":
      return "Reading";
    case "FINALIZING":
      return "Writing the report";
    case "COMPLETE":
      return "Complete";
    case "FAILED":
      return "Failed";
    case "CANCELLED":
      return "Cancelled";
  }
}
