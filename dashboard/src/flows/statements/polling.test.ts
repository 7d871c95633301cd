import { describe, expect, it } from "vitest";

import type { WorkState } from "../../contracts.ts";
import {
  COMES_WITHIN,
  type Expected,
  fileEvery,
  goesOn,
  listEvery,
  missing,
  rowsEvery,
  SETTLES_WITHIN,
  SLOWLY,
  SOON,
} from "./polling.ts";

const file = (id: string, state: WorkState = "done") => ({ id, state });
const expected = (sent: number, before: string[] = []): Expected => ({ before: new Set(before), sent, at: 1_000 });

describe("the list of files", () => {
  it.each(["queued", "running"] as const)("is polled often while a file is %s", (state) => {
    expect(listEvery([file("a"), file("b", state)], 1, null, 0)).toBe(SOON);
  });

  it("is polled slowly when all files are finished", () => {
    const over: WorkState[] = ["review", "done", "failed"];
    expect(
      listEvery(
        over.map((state) => file(state, state)),
        1,
        null,
        0,
      ),
    ).toBe(SLOWLY);
    expect(listEvery([], 0, null, 0)).toBe(SLOWLY);
  });

  it("is polled often until uploaded files are listed", () => {
    const sent = expected(2, ["old"]);
    expect(listEvery([file("old")], 1, sent, 2_000)).toBe(SOON);
    expect(missing([file("new"), file("old")], sent, 2_000)).toBe(1);
    expect(listEvery([file("new"), file("newer"), file("old")], 1, sent, 2_000)).toBe(SLOWLY);
  });

  it("does not wait for ever", () => {
    expect(listEvery([], 1, expected(1), 1_000 + COMES_WITHIN + 1)).toBe(SLOWLY);
    expect(missing([], expected(1), 1_000 + COMES_WITHIN + 1)).toBe(0);
  });

  it("causes the same total of requests, however many pages it has", () => {
    expect(listEvery([file("a", "running")], 4, null, 0)).toBe(4 * SOON);
  });
});

it("one file is polled until its later stages are done", () => {
  expect(fileEvery(null)).toBe(SOON);
  expect(fileEvery(SETTLES_WITHIN - 1)).toBe(SOON);
  expect(fileEvery(SETTLES_WITHIN)).toBe(SLOWLY);
});

it("a list is not polled once the user has scrolled far", () => {
  expect(rowsEvery(1, SOON)).toBe(SOON);
  expect(rowsEvery(3, SOON)).toBe(false);
});

describe("a short page", () => {
  const page = (rows: number, next: string | null = "n") => ({ transactions: Array(rows).fill(0), next_cursor: next });

  it("need not be the last", () => {
    expect(goesOn([page(0)])).toBe(true);
    expect(goesOn([page(0), page(3)])).toBe(true);
    expect(goesOn([page(0), page(3), page(40)])).toBe(false);
  });

  it("may be the last", () => {
    expect(goesOn([])).toBe(false);
    expect(goesOn([page(0, null)])).toBe(false);
    expect(goesOn([page(0), { transactions: [] }])).toBe(false);
  });

  it("is not followed by unlimited requests", () => {
    const asked: boolean[] = [];
    const pages = [page(0)];
    for (; pages.length <= 26; pages.push(page(0))) asked.push(goesOn(pages));
    expect(asked.filter((on) => !on)).toHaveLength(1);
    // When the user requests the next page, the same number of pages is fetched again.
    expect(asked.at(-1)).toBe(true);
  });
});
