// All matches, fifty thousand of them if need be: only the rows in sight are drawn.

import { Button, Checkbox, Group, Menu, Text, TextInput, UnstyledButton } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";

import { count, counted } from "../ui/format.ts";
import { Empty, Waiting } from "../ui/notes.tsx";
import { exportRows } from "./export.ts";
import { COLUMNS, type Column, type Filters, type Matches, type Order, type Row } from "./matches.ts";
import classes from "./matches-table.module.css";
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
  status: "minmax(80px, 0.6fr)",
  snippet: "minmax(160px, 3fr)",
};
const ROW = 36;
const HEAD = 44;

interface Props {
  matches: Matches;
  /** Changes when there are new matches. */
  version: number;
  view: View;
  open: (match: string) => void;
  /** Told the ids in the order shown. */
  order: (ids: string[]) => void;
}

export function MatchesTable({ matches, version, view, open, order: tell }: Props) {
  const [filters, setFilters] = useState<Filters>({ all: "" });
  const [order, setOrder] = useState<Order>({ column: null, descending: false });
  const [columns, setColumns] = useState<Column[]>([...COLUMNS]);
  const [perColumn, setPerColumn] = useState(false);
  // Typing stays smooth while the rows follow.
  const wanted = useDeferredValue(filters);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for what the matches hold
  const found = useMemo(() => matches.view(wanted, order), [matches, version, wanted, order]);

  const openAt = (position: number) => {
    const row = matches.row(found[position] ?? -1);
    if (!row) return;
    tell(Array.from(found, (at) => matches.row(at)?.id ?? ""));
    open(row.id);
  };
  const rows = () => Array.from(found, (at) => matches.row(at)).filter((row): row is Row => row !== undefined);

  if (matches.size === 0) return <Nothing view={view} />;
  return (
    <div>
      <Group gap="sm" mb="sm">
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
        <Menu position="bottom-end" withinPortal>
          <Menu.Target>
            <Button variant="default">Export</Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => exportRows(rows(), columns, NAMES, "file")}>Save as CSV</Menu.Item>
            <Menu.Item onClick={() => exportRows(rows(), columns, NAMES, "clipboard")}>Copy</Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <Text size="sm" c="dimmed" role="status" data-shown={found.length}>
          {found.length === matches.size
            ? counted(matches.size, "match", "matches")
            : `${count(found.length)} of ${counted(matches.size, "match", "matches")}`}
          {!view.synced && isOver(view.state) && ", more are being loaded"}
        </Text>
      </Group>
      <Rows
        matches={matches}
        found={found}
        columns={columns}
        order={order}
        sort={setOrder}
        filters={perColumn ? filters : null}
        filter={setFilters}
        open={openAt}
      />
      {found.length === 0 && (
        <Empty title="No match passes the filter">
          <Button variant="default" size="xs" onClick={() => setFilters({ all: "" })}>
            Show all {count(matches.size)}
          </Button>
        </Empty>
      )}
    </div>
  );
}

function Nothing({ view }: { view: View }) {
  if (view.state === "COMPLETE" && view.matches === 0) {
    return (
      <Empty title="None of the codes was found">The Codes tab says which are absent, and which nobody can know.</Empty>
    );
  }
  if (view.state === "COMPLETE") return <Waiting label="Loading the matches…" />;
  if (isOver(view.state)) return <Empty title="No match was found">The scan ended before it found one.</Empty>;
  return <Empty title="No match yet">Matches appear here as soon as they are found.</Empty>;
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

interface RowsProps {
  matches: Matches;
  found: Uint32Array;
  columns: Column[];
  order: Order;
  sort: (order: Order) => void;
  filters: Filters | null;
  filter: (filters: Filters) => void;
  open: (position: number) => void;
}

function Rows({ matches, found, columns, order, sort, filters, filter, open }: RowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const virtual = useVirtualizer({
    count: found.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 12,
    // The headings stay on top of what scrolls.
    scrollPaddingStart: HEAD,
  });
  const at = Math.min(active, Math.max(0, found.length - 1));
  const grid = { gridTemplateColumns: columns.map((column) => WIDTHS[column]).join(" ") };
  const focusing = useRef(false);

  useEffect(() => {
    if (!focusing.current) return;
    // It is drawn only after the table has scrolled there.
    const row = box.current?.querySelector<HTMLElement>(`[data-at="${at}"]`);
    if (!row) return;
    focusing.current = false;
    row.focus({ preventScroll: true });
  });

  const move = (to: number) => {
    const next = Math.max(0, Math.min(found.length - 1, to));
    focusing.current = true;
    setActive(next);
    virtual.scrollToIndex(next);
  };
  const key = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? ROW) / ROW) - 2);
    const to: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: found.length - 1,
    };
    const target = to[event.key];
    if (target !== undefined) move(target);
    else if (event.key === "Enter" || event.key === " ") open(at);
    else return;
    event.preventDefault();
  };

  return (
    <div
      ref={box}
      role="grid"
      aria-label="Matches"
      aria-rowcount={found.length + 1}
      aria-colcount={columns.length}
      className={classes.table}
      style={{ maxHeight: Math.max(200, found.length * ROW + HEAD) }}
    >
      <div style={{ minWidth: columns.length * 120 }}>
        <div role="rowgroup" className={classes.head}>
          <div role="row" aria-rowindex={1} className={classes.headings} style={grid}>
            {columns.map((column) => (
              <Heading key={column} column={column} order={order} sort={sort}>
                {filters && (
                  <TextInput
                    size="xs"
                    aria-label={`Filter ${NAMES[column]}`}
                    placeholder="Filter"
                    value={filters[column] ?? ""}
                    onChange={(event) => filter({ ...filters, [column]: event.currentTarget.value })}
                  />
                )}
              </Heading>
            ))}
          </div>
        </div>
        <div role="rowgroup">
          {/* Holds the height of all rows. */}
          <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
            {virtual.getVirtualItems().map((item) => {
              const row = matches.row(found[item.index] ?? -1);
              if (!row) return null;
              return (
                <div
                  key={row.id}
                  role="row"
                  aria-rowindex={item.index + 2}
                  tabIndex={item.index === at ? 0 : -1}
                  data-at={item.index}
                  data-match={row.id}
                  className={classes.row}
                  style={{ ...grid, transform: `translateY(${item.start}px)`, height: ROW }}
                  onClick={() => {
                    setActive(item.index);
                    open(item.index);
                  }}
                  onKeyDown={key}
                >
                  {columns.map((column) => (
                    <div role="gridcell" key={column} className={classes.cell} data-column={column} title={row[column]}>
                      {row[column]}
                    </div>
                  ))}
                </div>
              );
            })}
          </div>
        </div>
      </div>
    </div>
  );
}

function Heading({
  column,
  order,
  sort,
  children,
}: {
  column: Column;
  order: Order;
  sort: (order: Order) => void;
  children: React.ReactNode;
}) {
  const mine = order.column === column;
  // Up, down, and back to the order of the files.
  const next: Order = !mine
    ? { column, descending: false }
    : order.descending
      ? { column: null, descending: false }
      : { column, descending: true };
  return (
    <div
      role="columnheader"
      aria-sort={mine ? (order.descending ? "descending" : "ascending") : "none"}
      className={classes.heading}
    >
      <UnstyledButton className={classes.sort} onClick={() => sort(next)}>
        {NAMES[column]}
        <span aria-hidden>{mine ? (order.descending ? " ↓" : " ↑") : ""}</span>
      </UnstyledButton>
      {children}
    </div>
  );
}
