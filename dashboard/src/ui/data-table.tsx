// A virtual table of rows of equal height, up to fifty thousand: only visible rows are rendered. Arrow keys move the
// focus, Enter opens a row.

import { TextInput, UnstyledButton } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";

import classes from "./data-table.module.css";

export interface Column<Row, Id extends string = string> {
  id: Id;
  name: string;
  /** A track size of a CSS grid. */
  width: string;
  cell: (row: Row) => ReactNode;
  /** The full text, shown as a tooltip because the cell may truncate it. */
  title?: (row: Row) => string;
  className?: string | undefined;
}

export interface Order<Id extends string = string> {
  /** `null`: the original order. */
  column: Id | null;
  descending: boolean;
}

interface Props<Row, Id extends string> {
  /** Accessible name of the table. */
  label: string;
  columns: Column<Row, Id>[];
  rows: number;
  /** Returns the row at an index, from 0. */
  row: (at: number) => Row | undefined;
  id: (row: Row) => string;
  /** Pixels. */
  rowHeight: number;
  /** Below this width the table scrolls horizontally. Pixels. */
  minWidth?: number;
  open: (row: Row, at: number) => void;
  /** Set if the rows can be sorted. */
  order?: { now: Order<Id>; change: (order: Order<Id>) => void };
  /** Filter fields below the headings, one per column. */
  filters?: { value: (column: Id) => string; change: (column: Id, value: string) => void } | null;
  /** Set if there may be more rows: `ask` is called when the end comes into view. */
  more?: { there: boolean; ask: () => void };
  className?: string | undefined;
}

/** Number of rows before the end at which more are requested. */
const AHEAD = 30;
/** Height of the headings. Pixels. */
const HEAD = 44;

export function DataTable<Row, Id extends string>(props: Props<Row, Id>) {
  const { label, columns, rows, row, id, rowHeight, minWidth, open, order, filters, more, className } = props;
  const box = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const focusing = useRef(false);
  const virtual = useVirtualizer({
    count: rows,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    // The headings are sticky and cover the top of the scrolled area.
    scrollPaddingStart: HEAD,
  });
  const grid = { "--columns": columns.map(({ width }) => width).join(" ") } as CSSProperties;
  const at = Math.min(active, Math.max(0, rows - 1));
  const items = virtual.getVirtualItems();

  const last = items.at(-1)?.index ?? 0;
  const there = more?.there === true;
  const ask = more?.ask;
  useEffect(() => {
    if (there && last >= rows - AHEAD) ask?.();
  }, [there, last, rows, ask]);

  useEffect(() => {
    if (!focusing.current) return;
    // The row is rendered only after the table has scrolled to it.
    const focused = box.current?.querySelector<HTMLElement>(`[data-at="${at}"]`);
    if (!focused) return;
    focusing.current = false;
    focused.focus({ preventScroll: true });
  });

  const move = (to: number) => {
    const next = Math.max(0, Math.min(rows - 1, to));
    focusing.current = true;
    setActive(next);
    virtual.scrollToIndex(next);
  };
  const openAt = (place: number) => {
    const opened = row(place);
    if (opened !== undefined) open(opened, place);
  };
  const key = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? rowHeight) / rowHeight) - 2);
    const to: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: rows - 1,
    };
    const target = to[event.key];
    if (target !== undefined) move(target);
    else if (event.key === "Enter" || event.key === " ") openAt(at);
    else return;
    event.preventDefault();
  };

  return (
    <div
      ref={box}
      role="grid"
      aria-label={label}
      aria-rowcount={there ? -1 : rows + 1}
      aria-colcount={columns.length}
      className={`${classes.table} ${className ?? ""}`}
      style={{ ...grid, maxHeight: Math.max(200, rows * rowHeight + HEAD) }}
    >
      <div style={{ minWidth }}>
        <div role="rowgroup" className={classes.head}>
          <div role="row" aria-rowindex={1} className={classes.headings}>
            {columns.map((column) => (
              <Heading key={column.id} column={column} order={order}>
                {filters && (
                  <TextInput
                    size="xs"
                    aria-label={`Filter ${column.name}`}
                    placeholder="Filter"
                    value={filters.value(column.id)}
                    onChange={(event) => filters.change(column.id, event.currentTarget.value)}
                  />
                )}
              </Heading>
            ))}
          </div>
        </div>
        <div role="rowgroup">
          {/* Has the height of all rows. */}
          <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
            {items.map((item) => {
              const shown = row(item.index);
              if (shown === undefined) return null;
              return (
                <div
                  key={id(shown)}
                  role="row"
                  aria-rowindex={item.index + 2}
                  tabIndex={item.index === at ? 0 : -1}
                  data-at={item.index}
                  data-row={id(shown)}
                  className={classes.row}
                  style={{ transform: `translateY(${item.start}px)`, height: rowHeight }}
                  onClick={() => {
                    setActive(item.index);
                    openAt(item.index);
                  }}
                  onKeyDown={key}
                >
                  {columns.map(({ id: name, cell, title, className: own }) => (
                    <div
                      role="gridcell"
                      key={name}
                      className={`${classes.cell} ${own ?? ""}`}
                      data-column={name}
                      title={title?.(shown)}
                    >
                      {cell(shown)}
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

interface HeadingProps<Row, Id extends string> {
  column: Column<Row, Id>;
  order: Props<Row, Id>["order"];
  children: ReactNode;
}

function Heading<Row, Id extends string>({ column, order, children }: HeadingProps<Row, Id>) {
  if (!order) {
    return (
      <div role="columnheader" className={`${classes.heading} ${column.className ?? ""}`} data-column={column.id}>
        <div className={classes.name}>{column.name}</div>
        {children}
      </div>
    );
  }
  const { now, change } = order;
  const mine = now.column === column.id;
  // Ascending, descending, then the original order.
  const next: Order<Id> = !mine
    ? { column: column.id, descending: false }
    : now.descending
      ? { column: null, descending: false }
      : { column: column.id, descending: true };
  return (
    <div
      role="columnheader"
      aria-sort={mine ? (now.descending ? "descending" : "ascending") : "none"}
      className={classes.heading}
    >
      <UnstyledButton className={`${classes.name} ${classes.sort}`} onClick={() => change(next)}>
        {column.name}
        <span aria-hidden>{mine ? (now.descending ? " ↓" : " ↑") : ""}</span>
      </UnstyledButton>
      {children}
    </div>
  );
}
