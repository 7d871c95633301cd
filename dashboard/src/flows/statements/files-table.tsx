// Files as rows of equal height, so that a change of one does not move the others.

import { Anchor, Button, Group, Table } from "@mantine/core";
import { memo } from "react";
import { Link } from "wouter";
import type { StatementFile, StatementPhase } from "../../contracts.ts";
import { bytes, count, counted, date } from "../../ui/format.ts";
import { Scrolled } from "../../ui/scrolled.tsx";
import { StateBadge } from "../../ui/state.tsx";
import { fileAddress } from "./addresses.ts";
import { periodWords } from "./days.ts";
import { titleId } from "./deletion.ts";
import classes from "./files-table.module.css";
import { address } from "./filters.ts";
import { allBalancesWords, detailWords, goneWords, hasTransactions, nameOf, stageWords } from "./words.ts";

/** Returns whether a file can be deleted: it exists, and its deletion has not been requested. */
export function isRemovable(phase: StatementPhase): boolean {
  return phase !== "deleting" && phase !== "deleted";
}

export function FilesTable({ files, remove }: { files: StatementFile[]; remove: (file: StatementFile) => void }) {
  return (
    <Scrolled label="List of files" minWidth={1060}>
      <Table highlightOnHover className={classes.table} layout="fixed">
        <colgroup>
          <col className={classes.file} />
          <col className={classes.state} />
          <col />
          <col className={classes.number} />
          <col className={classes.number} />
          <col className={classes.duplicates} />
          <col className={classes.actions} />
        </colgroup>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">File</Table.Th>
            <Table.Th scope="col">State</Table.Th>
            <Table.Th scope="col">Account</Table.Th>
            <Table.Th scope="col" ta="right">
              Rows
            </Table.Th>
            <Table.Th scope="col" ta="right">
              New
            </Table.Th>
            <Table.Th scope="col" ta="right">
              Duplicates
            </Table.Th>
            <Table.Th scope="col">Actions</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {files.map((file) => (
            <Line key={file.id} file={file} remove={remove} />
          ))}
        </Table.Tbody>
      </Table>
    </Scrolled>
  );
}

const Line = memo(function Line({ file, remove }: { file: StatementFile; remove: (file: StatementFile) => void }) {
  const name = nameOf(file);
  const [account, ...others] = file.accounts;
  const note = noteOf(file);
  const counts = file.detail === "received" || file.detail === "processing" || file.detail === "rejected" ? "–" : null;
  return (
    <Table.Tr data-file={file.id}>
      <Table.Td>
        <Anchor
          component={Link}
          href={fileAddress(file.id)}
          id={titleId(file.id)}
          fw={500}
          title={name}
          truncate
          display="block"
        >
          {name}
        </Anchor>
        <div className={classes.second}>
          {file.format && `${file.format} · `}
          {bytes(file.size)} · {date(file.received_at)}
        </div>
      </Table.Td>
      <Table.Td>
        <StateBadge state={file.state} gone={goneWords(file.detail)} />
        <div className={classes.second} title={note}>
          {note}
        </div>
      </Table.Td>
      <Table.Td>
        {account && (
          <>
            <div className={classes.first} title={file.accounts.map((each) => each.account).join(", ")}>
              {account.account}
              {others.length > 0 && ` and ${counted(others.length, "more", "more")}`}
            </div>
            <div className={classes.second}>
              {allBalancesWords(file.accounts)} · {periodWords(account.from, account.to)}
            </div>
          </>
        )}
      </Table.Td>
      <Table.Td ta="right">{counts ?? count(file.rows)}</Table.Td>
      <Table.Td ta="right">{counts ?? count(file.new)}</Table.Td>
      <Table.Td ta="right">{counts ?? count(file.duplicates)}</Table.Td>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          {hasTransactions(file.detail) && (
            <Button
              component={Link}
              href={address({ file: file.id })}
              variant="default"
              size="compact-sm"
              aria-label={`Transactions of ${name}`}
            >
              Transactions
            </Button>
          )}
          {isRemovable(file.detail) && (
            <Button
              variant="subtle"
              color="red"
              size="compact-sm"
              className={classes.remove}
              aria-label={`Delete ${name}`}
              onClick={() => remove(file)}
            >
              Delete
            </Button>
          )}
        </Group>
      </Table.Td>
    </Table.Tr>
  );
});

/** Returns a short note; the file's own page has the details. */
function noteOf(file: StatementFile): string {
  const failed = file.errors[0] ? [`${stageWords(file.errors[0].stage)} failed`] : [];
  const warnings = file.warnings.length + file.more_warnings;
  const own = detailWords(file.detail);
  const said = [...(own ? [own] : []), ...(file.reason ? [file.reason] : []), ...file.review, ...failed];
  if (warnings > 0) said.push(counted(warnings, "warning"));
  return said.join(" · ");
}
