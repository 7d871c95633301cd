// All matches of a scan: filtered, sorted, exported, opened.

import { Button, Checkbox, Menu, TextInput } from "@mantine/core";
import { useDeferredValue, useMemo, useState } from "react";

import { type Column as DataColumn, DataTable } from "../../ui/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ExportRows } from "../../ui/export.tsx";
import { FilterBar, Shown } from "../../ui/filter-bar.tsx";
import { count, counted } from "../../ui/format.ts";
import { Waiting } from "../../ui/notes.tsx";
import { COLUMNS, type Column, type Filters, type Matches, type Order, type Row } from "./matches.ts";
import classes from "./matches-list.module.css";
import { isOver, type View } from "./session.ts";

const NAMES: Record<Column, string> = {
  code: "Code",
  name: "File",
  place: "Page or cell",
  status: "Codes in file",
  snippet: "Text around it",
};
const WIDTHS: Record<Column, string> = {
  code: "minmax(110px, 1fr)",
  name: "minmax(140px, 2fr)",
  place: "minmax(90px, 0.8fr)",
  status: "minmax(108px, 0.6fr)",
  snippet: "minmax(160px, 3fr)",
};
const CLASSES: Partial<Record<Column, string | undefined>> = { code: classes.code, snippet: classes.snippet };

const TABLE: DataColumn<Row, Column>[] = COLUMNS.map((column) => ({
  id: column,
  name: NAMES[column],
  width: WIDTHS[column],
  cell: (row) => row[column],
  title: (row) => row[column],
  className: CLASSES[column],
}));

interface Props {
  matches: Matches;
  /** Changes when there are new matches. */
  version: number;
  view: View;
  open: (match: string) => void;
  /** Receives the ids in the order shown. */
  order: (ids: string[]) => void;
}

export function MatchesList({ matches, version, view, open, order: tell }: Props) {
  const [filters, setFilters] = useState<Filters>({ all: "" });
  const [order, setOrder] = useState<Order>({ column: null, descending: false });
  const [columns, setColumns] = useState<Column[]>([...COLUMNS]);
  const [perColumn, setPerColumn] = useState(false);
  // Typing stays smooth while the rows follow.
  const wanted = useDeferredValue(filters);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version represents the content of the matches
  const found = useMemo(() => matches.view(wanted, order), [matches, version, wanted, order]);

  if (matches.size === 0) return <Nothing view={view} />;
  const row = (at: number) => matches.row(found[at] ?? -1);
  const shown = TABLE.filter(({ id }) => columns.includes(id));
  const table = () => [
    shown.map(({ name }) => name),
    ...Array.from(found, (at) => shown.map(({ id }) => matches.row(at)?.[id] ?? "")),
  ];
  return (
    <div>
      <FilterBar label="Matches">
        <TextInput
          aria-label="Filter matches"
          placeholder="Filter all columns"
          value={filters.all}
          onChange={(event) => setFilters({ ...filters, all: event.currentTarget.value })}
          w={260}
        />
        <Button variant="default" onClick={() => setPerColumn(!perColumn)} aria-expanded={perColumn}>
          Filter by column
        </Button>
        <Columns columns={columns} choose={setColumns} />
        <ExportRows table={table} name="riffle-matches.csv" />
        <Shown
          rows={found.length}
          said={[
            found.length === matches.size
              ? counted(matches.size, "match", "matches")
              : `${count(found.length)} of ${counted(matches.size, "match", "matches")}`,
            !view.synced && isOver(view.state) && "loading more…",
          ]}
        />
      </FilterBar>
      <DataTable
        label="Matches"
        columns={shown}
        rows={found.length}
        row={row}
        id={({ id }) => id}
        rowHeight={36}
        minWidth={columns.length * 120}
        open={({ id }) => {
          tell(Array.from(found, (at) => matches.row(at)?.id ?? ""));
          open(id);
        }}
        order={{ now: order, change: setOrder }}
        filters={
          perColumn
            ? {
                value: (column) => filters[column] ?? "",
                change: (column, value) => setFilters({ ...filters, [column]: value }),
              }
            : null
        }
      />
      {found.length === 0 && (
        <EmptyState title="No matches for this filter">
          <Button variant="default" size="xs" onClick={() => setFilters({ all: "" })}>
            Show all {count(matches.size)}
          </Button>
        </EmptyState>
      )}
    </div>
  );
}

function Nothing({ view }: { view: View }) {
  if (view.state === "COMPLETE" && view.matches === 0) {
    return (
      <EmptyState title="No codes found">The Codes tab shows which codes are absent and which are unknown.</EmptyState>
    );
  }
  if (view.state === "COMPLETE") return <Waiting label="Loading matches…" />;
  if (isOver(view.state)) return <EmptyState title="No matches">The scan ended before it found any.</EmptyState>;
  return <EmptyState title="No matches yet">Matches appear here as soon as they are found.</EmptyState>;
}

function Columns({ columns, choose }: { columns: Column[]; choose: (columns: Column[]) => void }) {
  return (
    <Menu closeOnItemClick={false} withinPortal>
      <Menu.Target>
        <Button variant="default">Columns</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {COLUMNS.map((column) => {
          const shown = columns.includes(column);
          const toggle = () => choose(COLUMNS.filter((each) => (each === column ? !shown : columns.includes(each))));
          return (
            <Menu.Item
              key={column}
              role="menuitemcheckbox"
              aria-checked={shown}
              disabled={shown && columns.length === 1}
              onClick={toggle}
              leftSection={<Checkbox.Indicator checked={shown} size="xs" aria-hidden />}
            >
              {NAMES[column]}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}
