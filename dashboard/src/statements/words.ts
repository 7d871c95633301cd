import type { FileAccount, FileItem, FileState } from "../contracts.ts";
import { counted } from "../ui/format.ts";

/** A file's state as a person says it. */
export function stateWords(state: FileState): string {
  switch (state) {
    case "received":
      return "Received";
    case "processing":
      return "Processing";
    case "processed":
      return "Processed";
    case "review":
      return "Review";
    case "rejected":
      return "Rejected";
    case "failed":
      return "Failed";
    case "deleting":
      return "Deleting";
    case "deleted":
      return "Deleted";
  }
}

/** What it is called. Once deleted, it has no name. */
export function nameOf({ name, state }: Pick<FileItem, "name" | "state">): string {
  if (name !== "") return name;
  return state === "deleted" ? "A deleted file" : "A file without a name";
}

/** Whether an account's balances agree with its rows. */
export function balanceWords({ balanced }: Pick<FileAccount, "balanced">): string {
  if (balanced === true) return "Balances";
  return balanced === false ? "Does not balance" : "Tells no balances";
}

const STAGES: Record<string, string> = {
  "s3-event-handler": "Receiving",
  "file-processor-consumer": "Reading",
  "categorization-consumer": "Categories",
  "analytics-consumer": "Figures",
  "audit-consumer": "Timeline",
  "error-consumer": "Failures",
};

/** What a function of the flow does; one that is not known here keeps its own name. */
export function stageWords(stage: string): string {
  return STAGES[stage] ?? stage;
}

const EVENTS: Record<string, string> = {
  "file.uploaded": "File uploaded",
  "file.processed": "File processed",
  "transactions.created": "New transactions",
  "transactions.categorized": "Categories given",
  "deletion.requested": "Deletion asked for",
  "file.deleted": "File deleted",
  "error.occurred": "Something failed",
};

export function eventWords(type: string): string {
  return EVENTS[type] ?? type;
}

/** What became of handing dead letters out again; `asked` is `null` where all were meant. */
export function redrivenWords(asked: number | null, done: number): string {
  if (asked === null) return done === 0 ? "Nothing was left to redrive." : `${counted(done, "letter")} redriven.`;
  if (done === asked) return `${counted(done, "letter")} redriven.`;
  const left = counted(asked - done, "letter");
  return done === 0
    ? `Nothing was redriven: ${left} had left already.`
    : `${counted(done, "letter")} redriven; ${left} had left already.`;
}
