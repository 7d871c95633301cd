import { expect, test } from "@playwright/test";

import { Drive, FOLDER } from "./support/drive.ts";
import { place, Samples } from "./support/files.ts";
import { chance, Person } from "./support/people.ts";
import { outputs } from "./support/stack.ts";
import { stored, telling } from "./support/state.ts";
import { until } from "./support/until.ts";

test("uploaded files are scanned, and matches arrive while they are read", async () => {
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

test("a Google Drive folder is scanned, and its token is stored nowhere afterwards", async () => {
  const samples = Samples.make(12, 6);
  const drive = await Drive.with(samples.files);
  const person = await Person.of(`t-${chance()}`);
  const socket = await person.connect();
  const from = { folder_id: FOLDER, token: drive.token };
  socket.send({ action: "start_scan", request_id: chance(), ...from, target_hole_codes: samples.key.codes });
  const complete = await socket.type("COMPLETE");
  expect(complete).toMatchObject({ total_processed: samples.files.length, total_failed: 0 });
  const tokens = (await stored(outputs.TokensTable)).map((item) => item.tenant?.S);
  expect(tokens).not.toContain(person.tenant);
  await socket.close();
  await drive.close();
});

test("no table or bucket contains data of a deleted scan of a text file", async () => {
  const [name, code, around] = [`name-${chance()}.txt`, `HOLE-${chance()}`, `around-${chance()}`];
  const person = await Person.of(`t-${chance()}`);
  const socket = await person.connect();
  const content = Buffer.from(`${code} ${around}\n`.repeat(500));
  const upload_id = await person.upload([{ name, content }]);
  socket.send({ action: "start_scan", request_id: chance(), upload_id, target_hole_codes: [code] });
  await socket.type("COMPLETE");
  for (const word of [name, code, around]) expect(await telling([word]), `${word} is found`).not.toEqual([]);

  const { scans } = await person.json<{ scans: { session_id: string }[] }>("GET", "/api/scans");
  const session = scans[0]?.session_id ?? "";
  expect((await person.ask("DELETE", `/api/scans/${session}`)).status).toBe(202);
  await until("all data of the scan is removed", async () => (await telling([name, code, around])).length === 0);
  expect((await person.ask("GET", `/api/scans/${session}`)).status).toBe(404);
  await socket.close();
});
