// Rows for another program: CSV as a file, or to the clipboard with tabs, as spreadsheets take it. Rows that the page
// holds are written here; all others are the server's to write.

import { Button, Menu } from "@mantine/core";
import { useState } from "react";

import { getBlob } from "../api/client.ts";
import { useIdentity } from "../sign-in/current.ts";
import { withoutFormulas } from "./formulas.ts";
import { save } from "./save.ts";

interface RowsProps {
  /** Headings first. */
  table: () => string[][];
  /** Of the file. */
  name: string;
}

export function ExportRows({ table, name }: RowsProps) {
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button variant="default">Export</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => save(csv(table()), name)}>Save as CSV</Menu.Item>
        <Menu.Item onClick={() => void navigator.clipboard.writeText(tabs(table()))}>Copy</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

interface FileProps {
  /** Of the API. */
  path: string;
  name: string;
  failed: (why: string | null) => void;
}

/** A link. Where people sign in, a link carries no token: then the page fetches the rows, and saves them from memory. */
export function ExportFile({ path, name, failed }: FileProps) {
  const identity = useIdentity();
  const [busy, setBusy] = useState(false);
  if (!identity) {
    return (
      <Button component="a" href={path} download={name} variant="default">
        Export CSV
      </Button>
    );
  }
  const fetched = async () => {
    setBusy(true);
    failed(null);
    try {
      save(await getBlob(path), name);
    } catch (error) {
      failed(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button variant="default" loading={busy} onClick={() => void fetched()}>
      Export CSV
    </Button>
  );
}

function csv(table: string[][]): Blob {
  const text = table.map((cells) => cells.map(quoted).join(",")).join("\r\n");
  // The mark tells Excel that it is UTF-8.
  return new Blob(["\uFEFF", text, "\r\n"], { type: "text/csv;charset=utf-8" });
}

function tabs(table: string[][]): string {
  return table
    .map((cells) => cells.map((cell) => withoutFormulas(cell.replace(/[\t\r\n]+/g, " "))).join("\t"))
    .join("\n");
}

export function quoted(cell: string): string {
  return `"${withoutFormulas(cell).replaceAll('"', '""')}"`;
}
