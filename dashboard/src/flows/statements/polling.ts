// Polling intervals: about a second while the user waits for a result, longer for changes by others.

import type { StatementFile } from "../../contracts.ts";
import { isOpen } from "../../ui/state.tsx";

/** Milliseconds. */
export const SOON = 1_000;
export const SLOWLY = 15_000;
/** How long to wait for an uploaded file to be listed. */
export const COMES_WITHIN = 60_000;
/** After this time, the later stages of a file, such as its categories, are done. */
export const SETTLES_WITHIN = 20_000;

/** Files uploaded from this page, and those listed before. */
export interface Expected {
  before: ReadonlySet<string>;
  sent: number;
  /** When the last one was uploaded. */
  at: number;
}

/** Returns how many of them are not listed yet; 0 after `COMES_WITHIN`. */
export function missing(files: Pick<StatementFile, "id">[], expected: Expected | null, now: number): number {
  if (!expected || now - expected.at > COMES_WITHIN) return 0;
  const come = files.filter(({ id }) => !expected.before.has(id)).length;
  return Math.max(0, expected.sent - come);
}

/** Returns the interval for a paged list. All pages are read again, so that it grows with their number. */
export function listEvery(
  files: Pick<StatementFile, "id" | "state">[],
  pages: number,
  expected: Expected | null,
  now: number,
): number {
  const waits = files.some(({ state }) => isOpen(state)) || missing(files, expected, now) > 0;
  return waits ? SOON * Math.max(1, pages) : SLOWLY;
}

/** Returns the interval for one file. `sinceOver`: milliseconds since it was first seen finished, or `null`. */
export function fileEvery(sinceOver: number | null): number {
  return sinceOver === null || sinceOver < SETTLES_WITHIN ? SOON : SLOWLY;
}

/** Most pages that are polled together. */
const MOST_AGAIN = 2;

/** Returns the interval for a long list; `false` once the user has scrolled further. */
export function rowsEvery(pages: number, every: number): number | false {
  return pages <= MOST_AGAIN && every;
}

/** Number of rows that fill a screen. */
const ENOUGH = 30;
/** Most pages fetched in a row without a request of the user. */
const MOST_ALONE = 25;

/** Returns whether to fetch the next page automatically: a page may be short or empty without being the last. */
export function goesOn(pages: { transactions: unknown[]; next_cursor?: string | null }[]): boolean {
  const last = pages.at(-1);
  if (!last || (last.next_cursor ?? null) === null) return false;
  const rows = pages.reduce((sum, page) => sum + page.transactions.length, 0);
  return rows < ENOUGH && pages.length % MOST_ALONE !== 0;
}
