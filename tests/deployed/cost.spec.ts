import { writeFileSync } from "node:fs";
import { expect, test } from "@playwright/test";

import { expectTold, expectWhole } from "./support/expect.ts";
import { put, Samples } from "./support/files.ts";
import { chance, Person } from "./support/people.ts";
import { noteWrites, toldWrites } from "./support/writes.ts";

/** The promised rates: files per second, and writes per second to any one item, a fifth of the limit of DynamoDB. */
const FILES_A_SECOND = 1_000;
const WRITES_A_SECOND = 200;
/** Progress updates per second. */
const PROGRESS = 2;
const CHUNK = 100;

test("a scan of a thousand files reports its usage", async () => {
  const samples = Samples.make(1_000, 7);
  const person = await Person.of(`t-${chance()}`);
  await put(person.tenant, "drawings", samples.files);
  const socket = await person.connect();
  const codes = { target_hole_codes: samples.key.codes };
  noteWrites();
  socket.send({ action: "start_scan", request_id: chance(), prefix: "drawings/", ...codes });
  const { session_id: session, receipt } = await socket.type("COMPLETE", 200_000);
  await expectWhole(person, session ?? "", samples);
  expectTold(socket, samples.files.length);
  await socket.close();

  const files = samples.files.length;
  const { used } = receipt;
  const writes = toldWrites(session ?? "");
  expect(writes.session_by_batches).toBeGreaterThan(0);
  const perSecond = {
    session: (writes.session_by_batches / files) * FILES_A_SECOND + PROGRESS,
    chunk: (writes.chunk / CHUNK) * FILES_A_SECOND,
  };
  console.log(`   at ${FILES_A_SECOND} files/s, writes/s of one item: ${JSON.stringify(perSecond)}`);
  expect(Math.max(...Object.values(perSecond))).toBeLessThanOrEqual(WRITES_A_SECOND);
  expect(writes.repeated, "results written twice").toBe(0);
  expect(receipt.files).toBe(files);
  for (const kind of ["invocations", "queue_requests", "table_write_units", "object_reads", "socket_messages"]) {
    expect(used[kind], kind).toBeGreaterThan(0);
  }
  // One for its result, and its share of writes for many files.
  expect(used.table_write_units / files).toBeGreaterThan(1);
  const figures = {
    ...{ files, bytes: receipt.bytes, pages: receipt.pages, matches: (await person.session(session ?? "")).matches },
    ...{ used, writes, cost: receipt.cost, seconds: receipt.duration_seconds },
  };
  console.log(`   ${(used.table_write_units / files).toFixed(2)} write units a file; ${JSON.stringify(used)}`);
  const place = process.env.RIFFLE_DEPLOYED_FIGURES;
  if (place) writeFileSync(place, `${JSON.stringify(figures, null, 2)}\n`);
});
