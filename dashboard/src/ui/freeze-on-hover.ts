// Rows stay where they are while the pointer is on them: what is new goes in when it leaves, or when it is asked for.

import { useEffect, useMemo, useRef, useState } from "react";

export interface Frozen<T> {
  shown: T[];
  /** Rows that are held back. */
  held: number;
}

/** Rows as they stood before, each as it is now; new ones only behind them. One that is gone stays as it was. */
export function frozen<T>(before: T[], now: T[], id: (row: T) => string): Frozen<T> {
  const known = new Set(before.map(id));
  const latest = new Map(now.map((row) => [id(row), row]));
  const last = now.findLastIndex((row) => known.has(id(row)));
  // Nothing is left of what stood there: these are other rows altogether.
  if (last === -1) return { shown: now, held: 0 };
  const shown = before.map((row) => latest.get(id(row)) ?? row);
  shown.push(...now.slice(last + 1));
  const held = now.slice(0, last).filter((row) => !known.has(id(row))).length;
  return { shown, held };
}

/** `props` go to what holds the rows. `of` names the list: another one begins anew. */
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
    /** Lets in what is held back, now. */
    release: () => setOver(false),
    props: {
      // A finger does not rest.
      onPointerMove: (event: { pointerType: string }) => {
        if (event.pointerType !== "touch" && !over) setOver(true);
      },
      onPointerLeave: () => setOver(false),
    },
  };
}
