// Export of rows: a CSV file, or tab-separated text in the clipboard for spreadsheets. Rows that the page holds are
// written here; the server writes all others.

import { Button, Menu } from "@mantine/core";
import { useState } from "react";

import { getBlob } from "../api/client.ts";
import { useIdentity } from "../sign-in/current.ts";
import { withoutFormulas } from "./formulas.ts";
import { save } from "./save.ts";

interface RowsProps {
  /** Returns the rows, headings first. */
  table: () => string[][];
  /** File name. */
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
  /** Address in the API. */
  path: string;
  name: string;
  failed: (why: string | null) => void;
}

/** A link to the CSV. A link cannot carry a token: where sign-in is required, the page fetches and saves the file. */
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
  // The byte order mark makes Excel read the file as UTF-8.
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
