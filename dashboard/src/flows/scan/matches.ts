// The matches of one session, outside React: up to fifty thousand arrive in batches and are searched and sorted.

import type { Listed } from "../../contracts.ts";

export interface Row {
  id: string;
  /** Index of the file in its session; `ordinal` is the index of the match in its file. */
  file: number;
  ordinal: number;
  code: string;
  name: string;
  place: string;
  snippet: string;
  /** Number of codes in the file: "2 codes". */
  status: string;
}

export type Column = "code" | "name" | "place" | "status" | "snippet";
export const COLUMNS: readonly Column[] = ["code", "name", "place", "status", "snippet"];

/** Column `null`: the order of the files. */
export interface Order {
  column: Column | null;
  descending: boolean;
}

/** A text for all columns, and one for each. Case is ignored. */
export type Filters = { all: string } & Partial<Record<Column, string>>;

export class Matches {
  private readonly rows: Row[] = [];
  private readonly ids = new Set<string>();
  /** Computed once per row: lower-case text for searching, and a key that sorts numbers by value. */
  private readonly lower: Record<Column, string>[] = [];
  private readonly keys: Record<Column, string[]> = { code: [], name: [], place: [], status: [], snippet: [] };
  private readonly listeners = new Set<() => void>();
  private pending = false;
  private shown = 0;

  /** @param soon calls back before the next frame, so that rows are shown in batches. */
  constructor(private readonly soon: (call: () => void) => void) {}

  get size(): number {
    return this.rows.length;
  }

  /** A number that changes when there are new rows to show. */
  readonly version = (): number => this.shown;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Adds matches; known ones are ignored. */
  add(listed: readonly Listed[]): void {
    let added = false;
    for (const { match_id: id, data } of listed) {
      if (this.ids.has(id)) continue;
      this.ids.add(id);
      const [file, ordinal] = id.split("-");
      const row: Row = {
        id,
        file: Number(file),
        ordinal: Number(ordinal),
        code: data.hole_code,
        name: data.file_name,
        place: data.page,
        snippet: data.snippet,
        // The API writes "2 Codes".
        status: data.status.toLowerCase(),
      };
      this.rows.push(row);
      const lower = {
        code: row.code.toLowerCase(),
        name: row.name.toLowerCase(),
        place: row.place.toLowerCase(),
        status: row.status.toLowerCase(),
        snippet: row.snippet.toLowerCase(),
      };
      this.lower.push(lower);
      for (const column of COLUMNS) this.keys[column].push(sortKey(lower[column]));
      added = true;
    }
    if (added) this.show();
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }

  row(position: number): Row | undefined {
    return this.rows[position];
  }

  /** Returns the positions of the rows that match the filters, sorted. */
  view(filters: Filters, order: Order): Uint32Array {
    const wanted = needles(filters);
    const found = new Uint32Array(this.rows.length);
    let count = 0;
    for (let position = 0; position < this.rows.length; position++) {
      const lower = this.lower[position];
      if (lower && passes(lower, wanted)) found[count++] = position;
    }
    const view = found.subarray(0, count);
    this.sort(view, order);
    return view;
  }

  private sort(view: Uint32Array, { column, descending }: Order): void {
    const { rows } = this;
    const byFile = (a: number, b: number): number => {
      const [x, y] = [rows[a], rows[b]];
      return x && y ? x.file - y.file || x.ordinal - y.ordinal : 0;
    };
    const keys = column ? this.keys[column] : [];
    const sign = descending ? -1 : 1;
    view.sort((a, b) => {
      const x = keys[a];
      const y = keys[b];
      if (x === undefined || y === undefined || x === y) return byFile(a, b) * (column ? 1 : sign);
      return x < y ? -sign : sign;
    });
  }

  private show(): void {
    if (this.pending) return;
    this.pending = true;
    this.soon(() => {
      this.pending = false;
      this.shown += 1;
      for (const listener of this.listeners) listener();
    });
  }
}

/** Returns a key that sorts numbers by value: "HOLE-9" before "HOLE-10". */
export function sortKey(text: string): string {
  return text.replace(/\d+/g, (digits) => {
    const value = digits.replace(/^0+(?=\d)/, "");
    return String.fromCharCode(0x30 + Math.min(value.length, 40)) + value;
  });
}

type Needle = [Column | null, string];

function needles(filters: Filters): Needle[] {
  const given: Needle[] = [[null, filters.all], ...COLUMNS.map((column): Needle => [column, filters[column] ?? ""])];
  return given.map(([column, text]): Needle => [column, text.trim().toLowerCase()]).filter(([, text]) => text !== "");
}

function passes(lower: Record<Column, string>, wanted: Needle[]): boolean {
  return wanted.every(([column, text]) =>
    column === null ? COLUMNS.some((each) => lower[each].includes(text)) : lower[column].includes(text),
  );
}
