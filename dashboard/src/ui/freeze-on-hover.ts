// Keeps rows in place while the pointer is over them: new rows are added when it leaves, or on request.

import { useEffect, useMemo, useRef, useState } from "react";

export interface Frozen<T> {
  shown: T[];
  /** Number of new rows not shown yet. */
  held: number;
}

/** Returns the rows in their previous order with current content; new rows only at the end. Removed rows are kept. */
export function frozen<T>(before: T[], now: T[], id: (row: T) => string): Frozen<T> {
  const known = new Set(before.map(id));
  const latest = new Map(now.map((row) => [id(row), row]));
  const last = now.findLastIndex((row) => known.has(id(row)));
  // None of the previous rows is left: this is a different list.
  if (last === -1) return { shown: now, held: 0 };
  const shown = before.map((row) => latest.get(id(row)) ?? row);
  shown.push(...now.slice(last + 1));
  const held = now.slice(0, last).filter((row) => !known.has(id(row))).length;
  return { shown, held };
}

/** `props` belong on the container of the rows. `of` identifies the list: another list is shown at once. */
export function useFreezeOnHover<T>(rows: T[], id: (row: T) => string, of = "") {
  const [over, setOver] = useState(false);
  const before = useRef<{ of: string; rows: T[] }>({ of, rows });
  // biome-ignore lint/correctness/useExhaustiveDependencies: how a row is named does not change
  const { shown, held } = useMemo(
    () => (over && before.current.of === of ? frozen(before.current.rows, rows, id) : { shown: rows, held: 0 }),
    [over, rows, of],
  );
  useEffect(() => {
    before.current = { of, rows: shown };
  }, [of, shown]);
  return {
    shown,
    held,
    /** Shows the held rows now. */
    release: () => setOver(false),
    props: {
      // Touch has no hover.
      onPointerMove: (event: { pointerType: string }) => {
        if (event.pointerType !== "touch" && !over) setOver(true);
      },
      onPointerLeave: () => setOver(false),
    },
  };
}
