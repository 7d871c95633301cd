// How often the page asks again: about once a second while somebody waits for something, and slowly for what others do.

import type { StatementFile } from "../../contracts.ts";
import { isOpen } from "../../ui/state.tsx";

/** Milliseconds. */
export const SOON = 1_000;
export const SLOWLY = 15_000;
/** How long is waited for a file that was sent before it is listed. */
export const COMES_WITHIN = 60_000;
/** What follows a file's own work, such as its categories, has come after this. */
export const SETTLES_WITHIN = 20_000;

/** Files that were sent from here, and those that were listed before. */
export interface Expected {
  before: ReadonlySet<string>;
  sent: number;
  /** When the last one was sent. */
  at: number;
}

/** How many of them are not listed yet; none once it has taken too long. */
export function missing(files: Pick<StatementFile, "id">[], expected: Expected | null, now: number): number {
  if (!expected || now - expected.at > COMES_WITHIN) return 0;
  const come = files.filter(({ id }) => !expected.before.has(id)).length;
  return Math.max(0, expected.sent - come);
}

/** Of a list that is read in pages: all of them are asked for again, so that many take their time. */
export function listEvery(
  files: Pick<StatementFile, "id" | "state">[],
  pages: number,
  expected: Expected | null,
  now: number,
): number {
  const waits = files.some(({ state }) => isOpen(state)) || missing(files, expected, now) > 0;
  return waits ? SOON * Math.max(1, pages) : SLOWLY;
}

/** Of one file, and of what follows it: `sinceOver` is how long it has been seen over, `null` while it is not. */
export function fileEvery(sinceOver: number | null): number {
  return sinceOver === null || sinceOver < SETTLES_WITHIN ? SOON : SLOWLY;
}

/** Pages that are asked for again as one; more would be too much for what nobody waits for. */
const MOST_AGAIN = 2;

/** Of a long list, whose pages beyond the first are looked at by scrolling. */
export function rowsEvery(pages: number, every: number): number | false {
  return pages <= MOST_AGAIN && every;
}

/** Rows that fill a screen. */
const ENOUGH = 30;
/** Pages in a row that a person has not asked for. */
const MOST_ALONE = 25;

/** Whether the next page is fetched by itself: a page may be short, or empty, and yet not the last. */
export function goesOn(pages: { transactions: unknown[]; next_cursor?: string | null }[]): boolean {
  const last = pages.at(-1);
  if (!last || (last.next_cursor ?? null) === null) return false;
  const rows = pages.reduce((sum, page) => sum + page.transactions.length, 0);
  return rows < ENOUGH && pages.length % MOST_ALONE !== 0;
}
