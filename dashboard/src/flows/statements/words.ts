// What the page says of statements.

import type { FileAccount, StatementFile, StatementPhase } from "../../contracts.ts";
import { count, counted } from "../../ui/format.ts";
import { stateName } from "../../ui/state.tsx";

/** Nothing of a file that was rejected or deleted is among the transactions. */
export function hasTransactions(phase: StatementPhase): boolean {
  return phase !== "rejected" && goneWords(phase) === undefined;
}

/** What stands in place of the state of a file that is going, or gone. */
export function goneWords(phase: StatementPhase): string | undefined {
  if (phase === "deleting") return "Deleting";
  return phase === "deleted" ? "Deleted" : undefined;
}

/** The file's own word; `null` where the state says it all. */
export function detailWords(phase: StatementPhase): string | null {
  return phase === "rejected" ? "Rejected" : null;
}

/** How a file stands, as a person says it. */
export function stateWords({ state, detail }: Pick<StatementFile, "state" | "detail">): string {
  return goneWords(detail) ?? detailWords(detail) ?? stateName(state);
}

/** What came of it, in a sentence. */
export function verdictWords(file: Pick<StatementFile, "rows" | "new" | "duplicates">): string {
  return `${counted(file.rows, "row")}: ${count(file.new)} new, ${counted(file.duplicates, "duplicate")}.`;
}

/** What it is called. Once deleted, it has no name. */
export function nameOf({ name, detail }: Pick<StatementFile, "name" | "detail">): string {
  if (name !== "") return name;
  return detail === "deleted" ? "A deleted file" : "A file without a name";
}

/** Whether an account's balances agree with its rows. */
export function balanceWords({ balanced }: Pick<FileAccount, "balanced">): string {
  if (balanced === true) return "Balances";
  return balanced === false ? "Does not balance" : "Tells no balances";
}

export const STAGES: Record<string, string> = {
  "s3-event-handler": "Receiving",
  "file-processor-consumer": "Reading",
  "categorization-consumer": "Categories",
  "analytics-consumer": "Figures",
  "audit-consumer": "Activity",
  "error-consumer": "Failures",
};

/** What a function of the flow does; one that is not known here keeps its own name. */
export function stageWords(stage: string): string {
  return STAGES[stage] ?? stage;
}

export const EVENTS: Record<string, string> = {
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
