import { spawnSync } from "node:child_process";
import path from "node:path";
import { expect, test } from "@playwright/test";

import { expectWhole } from "./support/expect.ts";
import { program, put, Samples } from "./support/files.ts";
import { chance, Person } from "./support/people.ts";
import { Role } from "./support/rights.ts";
import { deployed, run } from "./support/stack.ts";
import { purge, send, visibility, waiting } from "./support/state.ts";
import { kept } from "./support/statements.ts";
import { deadLettersOf } from "./support/topology.ts";
import { until } from "./support/until.ts";

const OUTPUTS = ["--outputs", path.join(run, "outputs.json")];
const STACK = ["--stack", "Riffle"];
interface Check {
  check: string;
  level: "ok" | "warning" | "problem";
  found: string;
}

interface Letter {
  message: string;
  flow: string;
  queue: string;
  kind: string;
  subject: string | null;
}

/** Runs the program: returns its JSON lines, its standard error and its exit status. */
function riffle<T>(...words: string[]): { lines: T[]; said: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync(program(), [...words, "--json"], { encoding: "utf8", timeout: 60_000 });
  if (/unexpected argument/.test(stderr))
    throw new Error(`RIFFLE_BINARY was built without --features cloud: ${stderr}`);
  const lines = stdout.split("\n").filter(Boolean);
  return { lines: lines.map((line) => JSON.parse(line) as T), said: stderr, status };
}

test.beforeEach(async () => {
  for (const queue of deadLettersOf()) await purge(queue);
});

test("riffle doctor finds the stack healthy, named either way, and reports a missing alarm address", async () => {
  for (const named of [OUTPUTS, STACK]) {
    const { lines, status } = riffle<Check>("doctor", ...named);
    const unwell = lines.filter(({ level }) => level !== "ok").map(({ check }) => check);
    expect(unwell, "no address is subscribed to alarms yet").toEqual(["AlarmsTopic"]);
    expect(status, "warnings").toBe(1);
    for (const one of [
      "ScanTable",
      "RecordsTable",
      "ScanWorkQueueUrl",
      "StatementsAuditDeadLettersUrl",
      "TokenKeyId",
      "HTTP API",
      "sign-in",
      "WebSocket API",
    ]) {
      expect(lines.map(({ check }) => check)).toContain(one);
    }
  }
  const none = riffle("doctor", "--stack", "Nosuch");
  expect(none.said).toContain("Nosuch");
  expect(none.status).toBe(2);
});

test("a dead letter of a scan is listed and moved back, and its scan ends", async () => {
  const samples = Samples.make(5, 3);
  const person = await Person.of(`t-${chance()}`);
  await put(person.tenant, "drawings", samples.files);
  const socket = await person.connect();
  // Redeliveries within seconds instead of hours.
  await visibility("scan-dispatch", 1);
  const session = await withoutWork(async () => {
    const codes = { target_hole_codes: samples.key.codes };
    socket.send({ action: "start_scan", request_id: chance(), prefix: "drawings/", ...codes });
    const { session_id } = await socket.type("STARTED");
    await until("a dead letter", async () => (await waiting("scan-dispatch-dead-letters")) > 0);
    return session_id ?? "";
  });
  await visibility("scan-dispatch", 20);

  const { lines, status } = riffle<Letter>("redrive", ...OUTPUTS, "--list");
  expect(status).toBe(0);
  expect(lines).toEqual([
    expect.objectContaining({ flow: "scan", queue: "scan-dispatch", kind: "hand out", subject: session }),
  ]);
  const dead = riffle<Check>("doctor", ...STACK).lines.find(({ check }) => check === "ScanDispatchDeadLettersUrl");
  expect(dead).toMatchObject({ level: "warning", found: expect.stringMatching(/^1 dead letter/) });
  expect((await person.session(session)).processed).toBe(0);

  const strange = riffle("redrive", ...STACK, "--message", "nosuch");
  expect(strange.status).toBe(1);
  expect(strange.said).toContain("not found among the dead letters");
  const moved = riffle("redrive", ...STACK, "--message", lines[0]?.message ?? "");
  expect(moved.said).toContain("1 dead letter moved back");
  expect(moved.status).toBe(0);
  await socket.type("COMPLETE");
  await expectWhole(person, session, samples);
  await until("no dead letters", async () => (await waiting("scan-dispatch-dead-letters")) === 0);
  const again = riffle("redrive", ...STACK);
  expect(again.said).toContain("0 dead letters moved back");
  expect(again.status).toBe(0);
  await socket.close();
});

test("a dead letter of a statement is moved back to the queue where it failed", async () => {
  const [tenant, id, now] = [`t-${chance()}`, chance(), new Date().toISOString()];
  const detail = {
    ...{ event_id: chance(), version: 1, timestamp: now, processing_id: id, correlation_id: chance() },
    ...{ flow: "statements", event_type: "transactions.created", data: { tenant, parts: 1, new: 1 } },
  };
  const told = { version: "0", id: chance(), "detail-type": detail.event_type, source: "riffle", time: now, detail };
  await send("statements-audit-dead-letters", [JSON.stringify(told)], tenant);
  const { lines } = riffle<Letter>("redrive", ...OUTPUTS, "--list");
  expect(lines).toEqual([
    expect.objectContaining({
      flow: "statements",
      queue: "statements-audit",
      kind: "transactions.created",
      subject: id,
    }),
  ]);
  const moved = riffle("redrive", ...STACK);
  expect(moved.said).toContain("1 dead letter moved back");
  await until("the event is in the audit trail", async () => (await kept(tenant)).length === 1);
  expect(await waiting("statements-audit-dead-letters")).toBe(0);
});

/** Runs `doing` while the dispatcher has no permission to send work. */
async function withoutWork<T>(doing: () => Promise<T>): Promise<T> {
  const dispatcher = (await deployed()).get("scan-dispatcher");
  if (!dispatcher) throw new Error("the dispatcher is missing");
  const role = await Role.of(dispatcher);
  const right = role.rights.find(({ words }) => /SendMessage scan-work/.test(words));
  if (!right) throw new Error(`the dispatcher has no grant to send work: ${role.rights.map(({ words }) => words)}`);
  return role.without(right, doing);
}
