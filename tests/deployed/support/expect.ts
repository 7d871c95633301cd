// Assertions about a finished scan, in every place that shows it.

import { expect } from "@playwright/test";

import { place, type Samples } from "./files.ts";
import type { Person } from "./people.ts";
import { Report } from "./report.ts";
import type { Socket } from "./socket.ts";
import { results, sessionItem, versions } from "./state.ts";

/** Asserts that the state, the stored results, the API and the report all agree with the answer key. */
export async function expectWhole(
  person: Person,
  session: string,
  samples: Samples,
  broken: string[] = [],
): Promise<void> {
  const total = samples.files.length + broken.length;
  expect((await sessionItem(session)).st?.S).toBe("COMPLETE");
  const stored = await results(session, total);
  const indices = Array.from({ length: total }, (_, index) => index);
  expect(stored.results.map(({ index }) => index)).toEqual(indices);
  expect(stored.done).toEqual(indices);
  const matches = stored.results.reduce((sum, result) => sum + result.matches, 0);
  expect(stored.results.filter(({ failed }) => failed).length).toBe(broken.length);
  expect(await person.session(session)).toMatchObject({
    state: "done",
    detail: "complete",
    total,
    processed: total,
    failed: broken.length,
    matches,
  });

  expect(await versions(`reports/${session}`), "the report was written once").toBe(1);
  const { url } = await person.json<{ url: string }>("POST", `/api/scans/${session}/report/link`);
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  const report = Report.read(await answer.arrayBuffer());
  const listed = report.table("Matches");
  expect(listed.length).toBe(matches);
  const places = new Set(listed.map((row) => place(row.File ?? "", row.Code ?? "", row.Place ?? "")));
  expect([...places].sort()).toEqual(samples.places);
  const files = report.table("Files");
  const names = [...samples.files.map(({ name }) => name), ...broken].sort();
  expect(files.map((row) => row.File ?? "").sort()).toEqual(names);
}

/**
 * Asserts what a client received: progress, and never full progress before COMPLETE. Frames may arrive out of order, so
 * that a client keeps the largest figure; the page's tests prove that its shown progress never decreases.
 */
export function expectTold(socket: Socket, total: number): void {
  const told = socket.of("PROGRESS").map(({ processed }) => Number(processed));
  expect(told.length).toBeGreaterThan(0);
  expect(Math.max(...told)).toBeLessThan(total);
}
