import { randomInt } from "node:crypto";
import { expect, test } from "@playwright/test";

import { expectTold, expectWhole } from "./support/expect.ts";
import { calm, disturb, disturbed, kill, processes } from "./support/faults.ts";
import { hostile, put, Samples } from "./support/files.ts";
import { chance, Person } from "./support/people.ts";
import { deployed } from "./support/stack.ts";
import { open, purge, send, sessionItem, visibility, waiting } from "./support/state.ts";
import { deadLettersOf, queuesOf } from "./support/topology.ts";
import { until } from "./support/until.ts";

const QUEUES = queuesOf("scan");
const DEAD_LETTERS = deadLettersOf("scan");
const KILLS = 8;

test.afterEach(() => calm());

test("under all kinds of faults nothing is lost or counted twice", async () => {
  test.setTimeout(600_000);
  const worker = (await deployed()).get("scan-worker")?.name ?? "";
  const samples = Samples.make(1_000, 11);
  const bombs = [
    ...hostile("docx/bomb.docx").map(({ content }) => ({ name: "broken/bomb.docx", content })),
    { name: "broken/cut.pdf", content: Buffer.from("%PDF-1.7\n1 0 obj\n<< /Type /Catalog") },
  ];
  const total = samples.files.length + bombs.length;
  const person = await Person.of(`t-${chance()}`);
  await put(person.tenant, "drawings", [...samples.files, ...bombs]);
  for (const queue of [...QUEUES, ...DEAD_LETTERS]) await purge(queue);
  // Lost messages are redelivered within seconds, not after twelve minutes.
  for (const queue of QUEUES) await visibility(queue, queue === "scan-quarantine" ? 60 : 20);

  const share = { refused: 0.05, lost: 0.05 };
  disturb({ dynamodb: share, s3: { refused: 0.02, lost: 0.02 }, sqs: share });
  const socket = await until("a connection", () => person.connect().catch(() => undefined));
  const scan = {
    action: "start_scan",
    request_id: chance(),
    prefix: "drawings/",
    target_hole_codes: samples.key.codes,
  };
  // As the page does: repeats the same request until it is accepted.
  const { session_id: session } = await until("STARTED", () => {
    socket.send(scan);
    return socket.type("STARTED", 10_000).catch(() => undefined);
  });
  if (session === null) throw new Error("a STARTED without a session");
  const poison = ["scan-dispatch", "scan-work", "scan-finish"];
  for (const queue of poison) await send(queue, ["not a message of Riffle"], "poison");

  const left = Array.from({ length: total }, (_, index) => index);
  let [killed, at] = [0, 0];
  await until(
    "most files read",
    async () => {
      const processed = Number((await sessionItem(session)).np?.N ?? 0);
      const again = Array.from({ length: 60 }, () => left.splice(randomInt(left.length || 1), 1)).flat();
      const bodies = again.map((index) => JSON.stringify({ session_id: session, index }));
      await send("scan-work", bodies, session);
      for (const queue of ["scan-dispatch", "scan-finish"]) {
        if (randomInt(3) === 0) await send(queue, [JSON.stringify({ session_id: session })], session);
      }
      const victims = processes(worker);
      if (killed < KILLS && processed >= at && victims.length > 0) {
        if (kill(victims[randomInt(victims.length)] ?? 0)) killed += 1;
        at = processed + Math.floor(total / (KILLS + 4));
      }
      return processed >= total * 0.9 && left.length === 0;
    },
    300_000,
  );
  calm();
  await socket.type("COMPLETE", 200_000);

  // The poison messages, already received a few times, are redelivered at once.
  for (const queue of QUEUES) await visibility(queue, 1);
  for (const queue of QUEUES) await until("an empty queue", async () => (await waiting(queue)) === 0);
  // Each in the queue of its last failure: the work of a file in that of the quarantine.
  const letters = await Promise.all(DEAD_LETTERS.map(async (queue) => [queue, await waiting(queue)]));
  expect(Object.fromEntries(letters), "dead letters").toEqual({
    "scan-dispatch-dead-letters": 1,
    "scan-quarantine-dead-letters": 1,
    "scan-finish-dead-letters": 1,
    "scan-scheduler-dead-letters": 0,
  });
  expect(await open()).not.toContain(`S#${session}`);

  await expectWhole(
    person,
    session,
    samples,
    bombs.map(({ name }) => name),
  );
  const { failures } = await person.json<{ failures: { data: { file_name: string; reason: string } }[] }>(
    "GET",
    `/api/scans/${session}/failures`,
  );
  expect(failures.map(({ data }) => data.file_name).sort()).toEqual(bombs.map(({ name }) => name).sort());
  for (const { data } of failures) expect(data.reason).not.toBe("");
  expectTold(socket, total);
  const told = socket.of("COMPLETE").map(({ total_processed, total_failed, total_matches }) => ({
    total_processed,
    total_failed,
    total_matches,
  }));
  const { matches } = await person.session(session);
  for (const one of told) {
    expect(one).toEqual({ total_processed: total, total_failed: bombs.length, total_matches: matches });
  }
  expect(killed, "workers that were killed").toBe(KILLS);
  for (const kind of ["dynamodb refused", "dynamodb lost", "s3 lost", "sqs lost"]) {
    expect(disturbed().get(kind) ?? 0, kind).toBeGreaterThan(0);
  }
  console.log(`   killed ${killed}, faults ${JSON.stringify(Object.fromEntries(disturbed()))}`);
  await socket.close();
});
