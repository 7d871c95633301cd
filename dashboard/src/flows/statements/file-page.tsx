// The page of one file: its accounts, problems and activity.

import { Anchor, Button, Code, List, Stack, Table } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link } from "wouter";

import { ApiError, get } from "../../api/client.ts";
import type { FileAccount, StatementFile, Timeline } from "../../contracts.ts";
import { Activity } from "../../ui/activity.tsx";
import { DeleteDialog, type Deletion } from "../../ui/delete-dialog.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { bytes, count, counted, date, momentWords } from "../../ui/format.ts";
import { JobHeader } from "../../ui/job-header.tsx";
import { JobTabs } from "../../ui/job-tabs.tsx";
import { Trouble, Waiting } from "../../ui/notes.tsx";
import { type ProblemItem, Problems } from "../../ui/problems.tsx";
import { Scrolled } from "../../ui/scrolled.tsx";
import { isOpen } from "../../ui/state.tsx";
import { Stale } from "../../ui/toast.tsx";
import { Verdict } from "../../ui/verdict.tsx";
import { filePath } from "./addresses.ts";
import { periodWords } from "./days.ts";
import { amountWords } from "./decimals.ts";
import { deletionOf, focusTitle, titleId } from "./deletion.ts";
import { isRemovable } from "./files-table.tsx";
import { address } from "./filters.ts";
import { useFile } from "./one-file.ts";
import {
  balanceWords,
  detailWords,
  eventWords,
  goneWords,
  hasTransactions,
  nameOf,
  stageWords,
  verdictWords,
} from "./words.ts";

export function FilePage({ id }: { id: string }) {
  const { file, every } = useFile(id);
  const timeline = useQuery({
    queryKey: ["statements", "timeline", id],
    queryFn: ({ signal }) => get<Timeline>(filePath(id, "/timeline"), signal),
    enabled: file.data !== undefined,
    staleTime: 0,
    refetchInterval: every,
  });
  const [asked, ask] = useState<Deletion | null>(null);
  const name = file.data ? nameOf(file.data) : "File";
  useEffect(() => {
    document.title = `${name} · Riffle`;
  }, [name]);

  if (file.isLoadingError) {
    return file.error instanceof ApiError && file.error.status === 404 ? (
      <EmptyState title="File not found" whole>
        The address is incomplete, or there is no such file in your account.{" "}
        <Anchor component={Link} href="/statements/files">
          View all files
        </Anchor>
        .
      </EmptyState>
    ) : (
      <Trouble title="Could not load the file" message={file.error.message} again={() => void file.refetch()} />
    );
  }
  if (!file.data) return <Waiting label="Loading the file…" />;
  const shown = file.data;
  const late = file.error ?? (timeline.data ? timeline.error : null);
  const problems = problemsOf(shown);
  return (
    <Stack gap="lg">
      <JobHeader
        title={name}
        titleId={titleId(id)}
        state={shown.state}
        gone={goneWords(shown.detail)}
        detail={detailWords(shown.detail)}
        about={`${shown.format ? `${shown.format} · ` : ""}${goneWords(shown.detail) === undefined ? `${bytes(shown.size)} · ` : ""}received ${date(shown.received_at)}`}
        primary={
          hasTransactions(shown.detail) && (
            <Button component={Link} href={address({ file: id })}>
              Transactions
            </Button>
          )
        }
        actions={isRemovable(shown.detail) ? [{ name: "Delete", danger: true, run: () => ask(deletionOf(shown)) }] : []}
      />
      <Outcome file={shown} />
      <JobTabs
        tabs={[
          {
            id: "results",
            name: "Results",
            panel: () => <Accounts accounts={shown.accounts} open={isOpen(shown.state)} />,
          },
          {
            id: "problems",
            name: "Problems",
            number: problems.length + shown.more_warnings,
            color: "orange",
            panel: () => (
              <Problems
                places="Place"
                problems={problems}
                more={shown.more_warnings > 0 ? `${counted(shown.more_warnings, "more warning")}.` : null}
                none={{
                  title: "No known problems",
                  text: "Warnings about the file and failures in processing it appear here.",
                }}
              />
            ),
          },
          {
            id: "activity",
            name: "Activity",
            panel: () => (
              <>
                {timeline.isPending && <Waiting label="Loading activity…" />}
                {timeline.isLoadingError && (
                  <Trouble
                    title="Could not load activity"
                    message={timeline.error.message}
                    again={() => void timeline.refetch()}
                  />
                )}
                {timeline.data && <Activity happenings={happeningsOf(timeline.data)} />}
              </>
            ),
          },
        ]}
      />
      {late && (
        <Stale
          message={late.message}
          again={() => {
            void file.refetch();
            void timeline.refetch();
          }}
        />
      )}
      <DeleteDialog about={asked} close={() => ask(null)} gone={focusTitle} />
    </Stack>
  );
}

function Outcome({ file }: { file: StatementFile }) {
  const reason = file.reason ?? "The server gave no reason.";
  switch (file.detail) {
    case "deleted":
      return (
        <Verdict tone="fine">
          The file and everything that came only from it are deleted. Only a record that it existed is kept.
        </Verdict>
      );
    case "deleting":
      return <Verdict tone="fine">The file and everything that came only from it are being deleted.</Verdict>;
    case "rejected":
      return (
        <Verdict tone="wrong" title="This file is not a readable statement">
          {reason}
        </Verdict>
      );
    case "failed":
      return (
        <Verdict tone="failed" title="The file could not be processed">
          {reason} When the cause is fixed, retry it under{" "}
          <Anchor component={Link} href="/failed-items?flow=statements" inherit>
            Failed items
          </Anchor>
          .
        </Verdict>
      );
    case "processed":
    case "review":
      return (
        <>
          {file.review.length > 0 && (
            <Verdict tone="look" title="Needs review">
              <List size="sm">
                {file.review.map((why) => (
                  <List.Item key={why}>{why}</List.Item>
                ))}
              </List>
            </Verdict>
          )}
          <Verdict tone="fine">{verdictWords(file)}</Verdict>
        </>
      );
    default:
      return null;
  }
}

/** Failures of processing stages come first. */
function problemsOf(file: StatementFile): ProblemItem[] {
  const failed = file.errors.map(({ stage, reason, at }) => ({
    id: `${stage} ${at}`,
    place: (
      <>
        {stageWords(stage)} (<Code>{stage}</Code>), {momentWords(at)}
      </>
    ),
    what: reason,
    text: `${stageWords(stage)} ${stage} ${reason}`,
  }));
  // Two warnings may have the same place and text, so that the index is the id.
  const warned = file.warnings.map(({ place, what }, at) => ({
    id: String(at),
    place,
    what,
    text: `${place} ${what}`,
  }));
  return [...failed, ...warned];
}

function happeningsOf({ events }: Timeline) {
  return events.map(({ event_id: id, event_type: type, at, text }) => ({
    id,
    type,
    title: eventWords(type),
    text,
    at,
    failed: type === "error.occurred",
  }));
}

function Accounts({ accounts, open }: { accounts: FileAccount[]; open: boolean }) {
  const money = (amount: string | null | undefined, currency: string | null | undefined) =>
    amount ? amountWords(amount, currency ?? "") : "–";
  if (accounts.length === 0) {
    return open ? (
      <EmptyState title="No accounts yet">Accounts appear here once the file has been read.</EmptyState>
    ) : (
      <EmptyState title="No accounts">Nothing was found in the file.</EmptyState>
    );
  }
  return (
    <Scrolled label="Accounts in the file" minWidth={680}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Account</Table.Th>
            <Table.Th scope="col">Period</Table.Th>
            <Table.Th scope="col" ta="right">
              Rows
            </Table.Th>
            <Table.Th scope="col" ta="right">
              Opening
            </Table.Th>
            <Table.Th scope="col" ta="right">
              Closing
            </Table.Th>
            <Table.Th scope="col">Balance</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {accounts.map((each) => (
            <Table.Tr key={`${each.account} ${each.currency}`}>
              <Table.Td style={{ overflowWrap: "anywhere" }}>
                <Anchor component={Link} href={address({ account: each.account })}>
                  {each.account}
                </Anchor>
              </Table.Td>
              <Table.Td>{periodWords(each.from, each.to)}</Table.Td>
              <Table.Td ta="right">{count(each.rows)}</Table.Td>
              <Table.Td ta="right">{money(each.opening, each.currency)}</Table.Td>
              <Table.Td ta="right">{money(each.closing, each.currency)}</Table.Td>
              <Table.Td>{balanceWords(each)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scrolled>
  );
}
