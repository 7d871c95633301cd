// The list of scans, newest first.

import { Anchor, Button, Group, Table, Text, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import { useHistoryState } from "wouter/use-browser-location";

import { get } from "../../api/client.ts";
import { paged } from "../../api/paging.ts";
import type { ScanOverview, ScanPage } from "../../contracts.ts";
import { DeleteDialog, type Deletion } from "../../ui/delete-dialog.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { count, date, duration } from "../../ui/format.ts";
import { Listing } from "../../ui/listing.tsx";
import { Scrolled } from "../../ui/scrolled.tsx";
import { isOpen, StateBadge } from "../../ui/state.tsx";
import { SCANS, scanAddress } from "./addresses.ts";
import { deletionOf } from "./deletion.ts";
import { detailWords } from "./words.ts";

/** History state with which the heading takes the focus. */
export const TO_HEADING = { focus: "heading" } as const;
/** The source of a scan of uploaded files, as the API names it. */
const UPLOADED = "uploaded files";

export function Scans() {
  const list = useInfiniteQuery({
    queryKey: ["scans"],
    queryFn: ({ pageParam, signal }) => get<ScanPage>(paged(SCANS, pageParam, 50), signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
    // Running scans change.
    refetchInterval: (query) =>
      query.state.data?.pages.some((page) => page.scans.some(({ state }) => isOpen(state))) ? 2_000 : false,
  });
  const [asked, ask] = useState<Deletion | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const fromDeleted = useHistoryState<typeof TO_HEADING | null>()?.focus === TO_HEADING.focus;
  useEffect(() => {
    // After the deletion of a scan on its page, the focus starts at the heading.
    if (fromDeleted) heading.current?.focus();
  }, [fromDeleted]);
  const scans = list.data?.pages.flatMap((page) => page.scans) ?? [];
  return (
    <>
      <Group justify="space-between" mb="sm">
        <Title order={1} fz={24} ref={heading} tabIndex={-1}>
          Scans
        </Title>
        <Button component={Link} href="/">
          New scan
        </Button>
      </Group>
      <Listing
        list={list}
        one="scan"
        rows={scans.length}
        empty={
          <EmptyState title="No scans yet">
            <Anchor component={Link} href="/">
              Start your first scan
            </Anchor>{" "}
            to see it here.
          </EmptyState>
        }
      >
        <Scrolled label="List of scans" minWidth={720}>
          <Table highlightOnHover verticalSpacing="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">Source</Table.Th>
                <Table.Th scope="col" miw={120}>
                  State
                </Table.Th>
                <Table.Th scope="col">Files</Table.Th>
                <Table.Th scope="col">Matches</Table.Th>
                <Table.Th scope="col">Not read</Table.Th>
                <Table.Th scope="col">Duration</Table.Th>
                <Table.Th scope="col">Started</Table.Th>
                <Table.Th scope="col">Actions</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {scans.map((scan) => (
                <Line key={scan.session_id} scan={scan} remove={ask} />
              ))}
            </Table.Tbody>
          </Table>
        </Scrolled>
      </Listing>
      {/* The button that opened the dialog disappears with its row. */}
      <DeleteDialog about={asked} close={() => ask(null)} gone={() => heading.current?.focus()} />
    </>
  );
}

function Line({ scan, remove }: { scan: ScanOverview; remove: (deletion: Deletion) => void }) {
  const total = scan.total ?? null;
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} href={scanAddress(scan.session_id)} fw={500} style={{ overflowWrap: "anywhere" }}>
          {scan.source}
        </Anchor>
        <Text size="xs" c="dimmed">
          {count(scan.codes)} {scan.codes === 1 ? "code" : "codes"}
          {scan.retry_of && ", retry of failed files"}
        </Text>
      </Table.Td>
      <Table.Td>
        <StateBadge state={scan.state} />
        <Text size="xs" c="dimmed">
          {detailWords(scan.detail)}
        </Text>
      </Table.Td>
      <Table.Td>
        {total === null ? "…" : scan.processed === total ? count(total) : `${count(scan.processed)} of ${count(total)}`}
      </Table.Td>
      <Table.Td>{count(scan.matches)}</Table.Td>
      <Table.Td>{count(scan.failed)}</Table.Td>
      <Table.Td>{took(scan)}</Table.Td>
      <Table.Td>{date(scan.created_at)}</Table.Td>
      <Table.Td>
        {!isOpen(scan.state) && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`Delete the scan of ${scan.source}, started ${date(scan.created_at)}`}
            onClick={() => remove(deletionOf({ ...scan, uploaded: scan.source === UPLOADED }))}
          >
            Delete
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function took({ started_at: started, finished_at: finished }: ScanOverview): string {
  return started && finished ? duration((Date.parse(finished) - Date.parse(started)) / 1000) : "–";
}
