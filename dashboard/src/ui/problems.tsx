// The problems of a job: where, why, and what a user can do about them.

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
  /** The text in which the filter of the list searches: place and problem, in words. */
  text: string;
}

interface Props {
  /** Column heading of the places: "File". */
  places: string;
  problems: ProblemItem[];
  /** An action for all problems. */
  next?: ReactNode;
  /** A note on problems that are not listed. */
  more?: string | null;
  /** Shown if there are no problems. */
  none: { title: string; text: string };
}

/** Most rows rendered; users reach the others with the filter. */
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
              <Table.Th scope="col">Problem</Table.Th>
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
      {found.length === 0 && <EmptyState title="No problems match the filter" />}
      {found.length > MOST && (
        <Text size="sm" c="dimmed" mt="sm">
          {counted(found.length - MOST, "more problem")}. Use the filter to find them.
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
