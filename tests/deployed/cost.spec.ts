import { writeFileSync } from "node:fs";
import { expect, test } from "@playwright/test";

import { expectTold, expectWhole } from "./support/expect.ts";
import { put, Samples } from "./support/files.ts";
import { chance, Person } from "./support/people.ts";

test("a scan of a thousand files says what it used", async () => {
  const samples = Samples.make(1_000, 7);
  const person = await Person.of(`t-${chance()}`);
  await put(person.tenant, "drawings", samples.files);
  const socket = await person.connect();
  const codes = { target_hole_codes: samples.key.codes };
  socket.send({ action: "start_scan", request_id: chance(), prefix: "drawings/", ...codes });
  const { session_id: session, receipt } = await socket.type("COMPLETE", 200_000);
  await expectWhole(person, session ?? "", samples);
  expectTold(socket, samples.files.length);
  await socket.close();

  const files = samples.files.length;
  const { used } = receipt;
  expect(receipt.files).toBe(files);
  for (const kind of ["invocations", "queue_requests", "table_write_units", "object_reads", "socket_messages"]) {
    expect(used[kind], kind).toBeGreaterThan(0);
  }
  // One for its result, and its part of what is written for many.
  expect(used.table_write_units / files).toBeGreaterThan(1);
  const figures = {
    ...{ files, bytes: receipt.bytes, pages: receipt.pages, matches: (await person.session(session ?? "")).matches },
    ...{ used, cost: receipt.cost, seconds: receipt.duration_seconds },
  };
  console.log(`   ${(used.table_write_units / files).toFixed(2)} write units a file; ${JSON.stringify(used)}`);
  const place = process.env.RIFFLE_DEPLOYED_FIGURES;
  if (place) writeFileSync(place, `${JSON.stringify(figures, null, 2)}\n`);
});
