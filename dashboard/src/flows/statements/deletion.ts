// What the question before a file goes says.

import type { StatementFile } from "../../contracts.ts";
import type { Deletion } from "../../ui/delete-dialog.tsx";
import { counted } from "../../ui/format.ts";
import { filePath } from "./addresses.ts";
import { nameOf } from "./words.ts";

/** Of the element that names a file on a page, and takes the focus when its button is gone. */
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
        ? `its transactions: ${counted(file.new, "transaction")} came with it`
        : "its transactions, if it has any",
      "their part of the months' figures",
      "what its activity says, but that it was deleted",
    ],
    stays: "Transactions that another file shows too stay.",
    announced: `${nameOf(file)} is being deleted.`,
    queries: ["statements"],
  };
}
