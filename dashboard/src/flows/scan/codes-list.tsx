// The result of each code: found, absent or unknown.

import { Badge, Button, Group, SegmentedControl, Table, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { get } from "../../api/client.ts";
import { paged } from "../../api/paging.ts";
import type { CodePage, CodeState } from "../../contracts.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { count } from "../../ui/format.ts";
import { Trouble, Waiting } from "../../ui/notes.tsx";
import { Scrolled } from "../../ui/scrolled.tsx";
import { scanPath } from "./addresses.ts";

const NAMES: Record<CodeState, string> = {
  found: "Found",
  absent: "Absent",
  unknown: "Unknown",
  pending: "Not yet found",
};
const COLORS: Record<CodeState, string> = { found: "teal", absent: "gray", unknown: "orange", pending: "gray" };
const MEANING: Record<CodeState, string> = {
  found: "Found in at least one file.",
  absent: "Not in any of the files. A code is absent only if every page was read.",
  unknown: "Not found, but some pages or files could not be read, or OCR may have misread it.",
  pending: "Not found in the files that were read.",
};

interface Props {
  id: string;
  over: boolean;
  complete: boolean;
  /** Number of known matches; with none, the list is not refreshed. */
  found: number;
}

export function CodesList({ id, over, complete, found }: Props) {
  const states: CodeState[] = complete ? ["found", "absent", "unknown"] : ["found", "pending"];
  const [state, setState] = useState<CodeState>("found");
  const list = useInfiniteQuery({
    queryKey: ["codes", id, state, complete],
    queryFn: ({ pageParam, signal }) => {
      return get<CodePage>(paged(scanPath(id, `/codes?state=${state}`), pageParam, 200), signal);
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
    refetchInterval: over || found === 0 ? false : 5_000,
  });
  // A scan that ended early reads nothing more.
  const name = (state: CodeState) => (state === "pending" && over ? "Unknown" : NAMES[state]);
  const counts = list.data?.pages[0]?.counts;
  const codes = list.data?.pages.flatMap((page) => page.codes) ?? [];
  return (
    <>
      <Group gap="md" mb="sm">
        <SegmentedControl
          aria-label="Filter codes by state"
          value={state}
          onChange={(value) => setState(value as CodeState)}
          data={states.map((value) => ({
            value,
            label: counts ? `${name(value)} (${count(counts[value])})` : name(value),
          }))}
        />
        <Text size="sm" c="dimmed">
          {MEANING[state]}
        </Text>
      </Group>
      {list.isPending && <Waiting label="Loading codes…" />}
      {list.isError && (
        <Trouble title="Could not load codes" message={list.error.message} again={() => void list.refetch()} />
      )}
      {list.data && codes.length === 0 && <EmptyState title="No codes" />}
      {codes.length > 0 && (
        <Scrolled label="Codes" minWidth={320}>
          <Table striped>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">Code</Table.Th>
                <Table.Th scope="col">State</Table.Th>
                <Table.Th scope="col">Files</Table.Th>
                <Table.Th scope="col">Matches</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {codes.map((code) => (
                <Table.Tr key={code.code} data-code={code.code}>
                  <Table.Td fw={600} style={{ overflowWrap: "anywhere" }}>
                    {code.code}
                    {code.misread !== undefined && (
                      <Text size="xs" c="dimmed">
                        OCR read {code.misread.map((text) => `“${text}”`).join(", ")}
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td>
                    <Badge variant="dot" color={COLORS[code.state]}>
                      {name(code.state)}
                    </Badge>
                  </Table.Td>
                  <Table.Td>{count(code.files)}</Table.Td>
                  <Table.Td>{count(code.matches)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scrolled>
      )}
      {list.hasNextPage && (
        <Button
          variant="default"
          size="xs"
          mt="sm"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </>
  );
}
