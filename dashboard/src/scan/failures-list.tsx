// Files nobody could read, and why.

import { Table, Text, TextInput } from "@mantine/core";
import { useState } from "react";

import { FileLink } from "../downloads/links.tsx";
import { filePath } from "../downloads/mint.ts";
import { counted } from "../ui/format.ts";
import { Empty } from "../ui/notes.tsx";
import { Scrolled } from "../ui/scrolled.tsx";
import type { Session } from "./session.ts";

/** Rows drawn: whoever has more looks for what they want, or into the report. */
const MOST = 500;

export function FailuresList({ session, id, over }: { session: Session; id: string; over: boolean }) {
  const [wanted, setWanted] = useState("");
  const failures = session.failures();
  if (failures.length === 0) {
    return (
      <Empty title={over ? "Every file was read" : "No file has failed so far"}>
        A file that cannot be read is listed here, with the reason.
      </Empty>
    );
  }
  const text = wanted.trim().toLowerCase();
  const found = failures.filter(({ name, reason }) => `${name}\n${reason}`.toLowerCase().includes(text));
  return (
    <>
      <TextInput
        aria-label="Filter files"
        placeholder="Filter by file or reason"
        value={wanted}
        onChange={(event) => setWanted(event.currentTarget.value)}
        mb="sm"
        maw={360}
      />
      <Scrolled label="Files that were not read" minWidth={320}>
        <Table striped>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">File</Table.Th>
              <Table.Th scope="col">Why it was not read</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.slice(0, MOST).map(({ file, name, reason }) => (
              <Table.Tr key={file}>
                <Table.Td style={{ overflowWrap: "anywhere" }}>
                  <FileLink path={filePath(id, file)}>{name}</FileLink>
                </Table.Td>
                <Table.Td>{reason}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scrolled>
      {found.length > MOST && (
        <Text size="sm" c="dimmed" mt="sm">
          {counted(found.length - MOST, "more file", "more files")}: filter for them, or open the report.
        </Text>
      )}
    </>
  );
}
