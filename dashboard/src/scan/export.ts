// Rows for another program: CSV to a file, or to the clipboard with tabs, as spreadsheets take it.

import { save } from "../ui/save.ts";
import type { Column, Row } from "./matches.ts";

export function exportRows(
  rows: Row[],
  columns: Column[],
  names: Record<Column, string>,
  to: "file" | "clipboard",
): void {
  const table = [columns.map((column) => names[column]), ...rows.map((row) => columns.map((column) => row[column]))];
  if (to === "clipboard") {
    void navigator.clipboard.writeText(table.map((cells) => cells.map(tabbed).join("\t")).join("\n"));
    return;
  }
  const text = table.map((cells) => cells.map(quoted).join(",")).join("\r\n");
  // The mark tells Excel that it is UTF-8.
  save(new Blob(["\uFEFF", text, "\r\n"], { type: "text/csv;charset=utf-8" }), "riffle-matches.csv");
}

/** A spreadsheet would run what begins like a formula: an apostrophe makes it text. */
export function harmless(cell: string): string {
  return /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
}

export function quoted(cell: string): string {
  return `"${harmless(cell).replaceAll('"', '""')}"`;
}

function tabbed(cell: string): string {
  return harmless(cell).replace(/[\t\r\n]+/g, " ");
}
