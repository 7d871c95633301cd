// The content of the dialog that confirms the deletion of a file.

import type { StatementFile } from "../../contracts.ts";
import type { Deletion } from "../../ui/delete-dialog.tsx";
import { counted } from "../../ui/format.ts";
import { filePath } from "./addresses.ts";
import { nameOf } from "./words.ts";

/** Returns the id of the element that names a file; it takes the focus when the delete button has disappeared. */
export function titleId(file: string): string {
  return `file-${file}`;
}

export function focusTitle(file: string): void {
  document.getElementById(titleId(file))?.focus();
}

export function deletionOf(file: StatementFile): Deletion {
  return {
    id: file.id,
    thing: "file",
    name: nameOf(file),
    path: filePath(file.id),
    losses: [
      "the file itself",
      file.new > 0
        ? `its transactions (it added ${counted(file.new, "transaction")})`
        : "its transactions, if it has any",
      "their amounts in the monthly figures",
      "its activity, except the record of its deletion",
    ],
    stays: "Transactions that also appear in another file are kept.",
    announced: `${nameOf(file)} is being deleted.`,
    queries: ["statements"],
  };
}
