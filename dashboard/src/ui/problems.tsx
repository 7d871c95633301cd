// What did not go well: where, why, and what a person can do about it.

import { Table, Text, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";

import { EmptyState } from "./empty-state.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { counted } from "./format.ts";
import { Scrolled } from "./scrolled.tsx";

export interface ProblemItem {
  id: string;
  /** Such as a file's name or a line. */
  place: ReactNode;
  what: ReactNode;
  /** What the filter looks at. */
  text: string;
}

interface Props {
  /** What the places are: "File". */
  places: string;
  problems: ProblemItem[];
  /** What to do about all of them. */
  next?: ReactNode;
  /** Of those that are not listed here. */
  more?: string | null;
  /** Said where there are none. */
  none: { title: string; text: string };
}

/** Rows drawn: with more of them, a person filters. */
const MOST = 500;

export function Problems({ places, problems, next, more, none }: Props) {
  const [wanted, setWanted] = useState("");
  if (problems.length === 0) return <EmptyState title={none.title}>{none.text}</EmptyState>;
  const text = wanted.trim().toLowerCase();
  const found = problems.filter((problem) => problem.text.toLowerCase().includes(text));
  return (
    <>
      <FilterBar label="Problems">
        {problems.length > 1 && (
          <TextInput
            aria-label="Filter problems"
            placeholder={`Filter by ${places.toLowerCase()} or reason`}
            value={wanted}
            onChange={(event) => setWanted(event.currentTarget.value)}
            w={280}
          />
        )}
        {next}
      </FilterBar>
      <Scrolled label="List of problems" minWidth={320}>
        <Table striped>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{places}</Table.Th>
              <Table.Th scope="col">What is wrong</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.slice(0, MOST).map(({ id, place, what }) => (
              <Table.Tr key={id}>
                <Table.Td style={{ overflowWrap: "anywhere" }}>{place}</Table.Td>
                <Table.Td style={{ overflowWrap: "anywhere" }}>{what}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scrolled>
      {found.length === 0 && <EmptyState title="No problem passes the filter" />}
      {found.length > MOST && (
        <Text size="sm" c="dimmed" mt="sm">
          {counted(found.length - MOST, "more problem")}: filter for them.
        </Text>
      )}
      {more && (
        <Text size="sm" c="dimmed" mt="sm">
          {more}
        </Text>
      )}
    </>
  );
}
