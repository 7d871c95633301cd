// Earlier scans, newest first.

import { Anchor, Badge, Button, Group, Table, Text, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import { useHistoryState } from "wouter/use-browser-location";

import { get } from "../api/client.ts";
import type { SessionOverview, SessionPage, SessionState } from "../contracts.ts";
import { type Deletable, DeleteDialog, isDeletable } from "../scan/delete-dialog.tsx";
import { isOver } from "../scan/session.ts";
import { stateWords } from "../scan/words.ts";
import { count, date, duration } from "../ui/format.ts";
import { Empty, Trouble, Waiting } from "../ui/notes.tsx";
import { Scrolled } from "../ui/scrolled.tsx";

/** Handed along with an address: the heading takes the focus. */
export const TO_HEADING = { focus: "heading" } as const;
/** How the API calls a source of uploaded files. */
const UPLOADED = "uploaded files";

const COLORS: Partial<Record<SessionState, string>> = { COMPLETE: "teal", FAILED: "red", CANCELLED: "gray" };

export function History() {
  const list = useInfiniteQuery({
    queryKey: ["sessions"],
    queryFn: ({ pageParam, signal }) =>
      get<SessionPage>(
        pageParam === null
          ? "/api/sessions?limit=50"
          : `/api/sessions?limit=50&cursor=${encodeURIComponent(pageParam)}`,
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.cursor ?? null,
    // What runs moves on.
    refetchInterval: (query) =>
      query.state.data?.pages.some((page) => page.sessions.some(({ state }) => !isOver(state))) ? 2_000 : false,
  });
  const [asked, ask] = useState<Deletable | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const fromDeleted = useHistoryState<typeof TO_HEADING | null>()?.focus === TO_HEADING.focus;
  useEffect(() => {
    // Who comes from a scan that is gone begins at the top.
    if (fromDeleted) heading.current?.focus();
  }, [fromDeleted]);
  const sessions = list.data?.pages.flatMap((page) => page.sessions) ?? [];
  return (
    <>
      <Group justify="space-between" mb="md">
        <Title order={1} fz={24} ref={heading} tabIndex={-1}>
          Scans
        </Title>
        <Button component={Link} href="/">
          New scan
        </Button>
      </Group>
      {list.isPending && <Waiting label="Loading the scans…" />}
      {list.isError && (
        <Trouble title="The scans cannot be listed" message={list.error.message} again={() => void list.refetch()} />
      )}
      {list.data && sessions.length === 0 && (
        <Empty title="No scan yet">
          <Anchor component={Link} href="/">
            Start the first one
          </Anchor>
          ; it will be listed here.
        </Empty>
      )}
      {sessions.length > 0 && (
        <Scrolled label="Scans" minWidth={720}>
          <Table highlightOnHover verticalSpacing="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">Scan of</Table.Th>
                <Table.Th scope="col">State</Table.Th>
                <Table.Th scope="col">Files</Table.Th>
                <Table.Th scope="col">Matches</Table.Th>
                <Table.Th scope="col">Not read</Table.Th>
                <Table.Th scope="col">Took</Table.Th>
                <Table.Th scope="col">Begun</Table.Th>
                <Table.Th scope="col">What to do</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {sessions.map((session) => (
                <Line key={session.session_id} session={session} remove={ask} />
              ))}
            </Table.Tbody>
          </Table>
        </Scrolled>
      )}
      {list.hasNextPage && (
        <Button variant="default" mt="md" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show earlier ones
        </Button>
      )}
      {/* The button that asked is about to go. */}
      <DeleteDialog scan={asked} close={() => ask(null)} gone={() => heading.current?.focus()} />
    </>
  );
}

function Line({ session, remove }: { session: SessionOverview; remove: (scan: Deletable) => void }) {
  const total = session.total ?? null;
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} href={`/sessions/${session.session_id}`} fw={500} style={{ overflowWrap: "anywhere" }}>
          {session.source}
        </Anchor>
        <Text size="xs" c="dimmed">
          {count(session.codes)} {session.codes === 1 ? "code" : "codes"}
          {session.retry_of && ", reads again what failed"}
        </Text>
      </Table.Td>
      <Table.Td>
        <Badge variant="dot" color={COLORS[session.state] ?? "cyan"}>
          {stateWords(session.state)}
        </Badge>
      </Table.Td>
      <Table.Td>
        {total === null
          ? "…"
          : session.processed === total
            ? count(total)
            : `${count(session.processed)} of ${count(total)}`}
      </Table.Td>
      <Table.Td>{count(session.matches)}</Table.Td>
      <Table.Td>{count(session.failed)}</Table.Td>
      <Table.Td>{took(session)}</Table.Td>
      <Table.Td>{date(session.created_at)}</Table.Td>
      <Table.Td>
        {isDeletable(session.state) && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`Delete the scan of ${session.source}, begun ${date(session.created_at)}`}
            onClick={() => remove({ ...session, uploaded: session.source === UPLOADED })}
          >
            Delete
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function took({ started_at: started, finished_at: finished }: SessionOverview): string {
  return started && finished ? duration((Date.parse(finished) - Date.parse(started)) / 1000) : "–";
}
