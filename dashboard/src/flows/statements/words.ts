// Texts about statements.

import type { FileAccount, StatementFile, StatementPhase } from "../../contracts.ts";
import { count, counted } from "../../ui/format.ts";
import { stateName } from "../../ui/state.tsx";

/** Returns whether a file may have transactions: rejected and deleted files have none. */
export function hasTransactions(phase: StatementPhase): boolean {
  return phase !== "rejected" && goneWords(phase) === undefined;
}

/** Returns the text shown instead of the state of a file that is being deleted or is deleted. */
export function goneWords(phase: StatementPhase): string | undefined {
  if (phase === "deleting") return "Deleting";
  return phase === "deleted" ? "Deleted" : undefined;
}

/** Returns the flow's own name of the state; `null` if the shared one is enough. */
export function detailWords(phase: StatementPhase): string | null {
  return phase === "rejected" ? "Rejected" : null;
}

/** Returns the state of a file as text. */
export function stateWords({ state, detail }: Pick<StatementFile, "state" | "detail">): string {
  return goneWords(detail) ?? detailWords(detail) ?? stateName(state);
}

/** Returns the outcome in one sentence. */
export function verdictWords(file: Pick<StatementFile, "rows" | "new" | "duplicates">): string {
  return `${counted(file.rows, "row")}: ${count(file.new)} new, ${counted(file.duplicates, "duplicate")}.`;
}

/** Returns the display name of a file. A deleted file has no name. */
export function nameOf({ name, detail }: Pick<StatementFile, "name" | "detail">): string {
  if (name !== "") return name;
  return detail === "deleted" ? "Deleted file" : "Unnamed file";
}

/** Returns whether an account's balances agree with its rows, as text. */
export function balanceWords({ balanced }: Pick<FileAccount, "balanced">): string {
  if (balanced === true) return "Balanced";
  return balanced === false ? "Does not balance" : "No balances in file";
}

/** Returns one text for the balances of all accounts of a file. */
export function allBalancesWords(accounts: Pick<FileAccount, "balanced">[]): string {
  const stated = accounts.filter(({ balanced }) => balanced === true || balanced === false);
  if (stated.some(({ balanced }) => balanced === false)) return balanceWords({ balanced: false });
  if (stated.length > 0 && stated.length < accounts.length) return "Balanced where the file has balances";
  return balanceWords({ balanced: stated.length > 0 ? true : null });
}

export const STAGES: Record<string, string> = {
  "s3-event-handler": "Receiving",
  "file-processor-consumer": "Reading",
  "categorization-consumer": "Categories",
  "analytics-consumer": "Figures",
  "audit-consumer": "Activity",
  "error-consumer": "Failures",
};

/** Returns the display name of a function, or its own name if it is unknown. */
export function stageWords(stage: string): string {
  return STAGES[stage] ?? stage;
}

export const EVENTS: Record<string, string> = {
  "file.uploaded": "File uploaded",
  "file.processed": "File processed",
  "transactions.created": "New transactions",
  "transactions.categorized": "Categories assigned",
  "deletion.requested": "Deletion requested",
  "file.deleted": "File deleted",
  "error.occurred": "Error",
};

export function eventWords(type: string): string {
  return EVENTS[type] ?? type;
}
