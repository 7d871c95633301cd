import { expect, test } from "@playwright/test";

import { place, Samples } from "./support/files.ts";
import { chance, Person } from "./support/people.ts";

test("uploaded files are scanned, and matches come while they are read", async () => {
  const samples = Samples.make(20, 5);
  const person = await Person.of(`t-${chance()}`);
  const socket = await person.connect();
  const upload_id = await person.upload(samples.files);
  socket.send({ action: "start_scan", request_id: chance(), upload_id, target_hole_codes: samples.key.codes });
  const { total } = await socket.type("STARTED");
  expect(total).toBe(samples.files.length);
  const complete = await socket.type("COMPLETE");
  expect(complete).toMatchObject({ total_processed: samples.files.length, total_failed: 0 });
  const found = socket.of("MATCH_FOUND").map(({ data }) => place(data.file_name, data.hole_code, data.page));
  expect([...new Set(found)].sort()).toEqual(samples.places);
  await socket.close();
});
