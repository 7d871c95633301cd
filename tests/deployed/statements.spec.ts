import { ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import { expect, test } from "@playwright/test";

import { calm, disturb } from "./support/faults.ts";
import { chance, Person } from "./support/people.ts";
import { outputs, storage } from "./support/stack.ts";
import { purge, send, stored, telling, visibility, waiting } from "./support/state.ts";
import { Archive, derived, kept, quiet, Statements, statement, tell } from "./support/statements.ts";
import { deadLettersOf, queuesOf } from "./support/topology.ts";
import { until } from "./support/until.ts";

const RULES = "rules:\n  - category: Fives\n    contains: number 05\n";
/** Seconds until a failed message is redelivered, instead of an hour: longer than a function runs here. */
const SOON = 15;

test.beforeAll(async () => {
  for (const queue of queuesOf("statements")) await visibility(queue, SOON);
  for (const queue of deadLettersOf("statements")) await purge(queue);
});

test.afterEach(() => calm());

async function somebody(): Promise<[Person, Statements]> {
  const person = await Person.of(`t-${chance()}`);
  return [person, new Statements(person)];
}

test("an uploaded statement becomes transactions, figures and a timeline", async () => {
  const [person, own] = await somebody();
  const [, other] = await somebody();
  await person.json("PUT", "/api/statements/rules", { yaml: RULES });
  const key = await own.upload("Kontoauszug März + 100%.csv", statement(1, 9), "DE02 1203/0000");
  expect(key.startsWith(`statements/${person.tenant}/`)).toBe(true);
  const file = await own.file("Kontoauszug März + 100%.csv", "processed");
  expect(file).toMatchObject({ state: "done", rows: 9, new: 9, duplicates: 0 });

  const categories = await until("categories", async () => {
    const rows = await own.transactions();
    return rows.some(({ category }) => category !== null) && rows;
  });
  expect(categories.map(({ date, amount, category }) => [date, amount, category])).toEqual(
    Array.from({ length: 9 }, (_, at) => 9 - at).map((day) => [
      `2026-01-0${day}`,
      `-${day * 10}.50`,
      day === 5 ? "Fives" : null,
    ]),
  );
  for (const row of categories) expect([row.account, row.file]).toEqual(["DE02 1203/0000", file.id]);
  await quiet();
  expect((await own.figures()).months).toMatchObject([{ month: "2026-01", count: 9, money_out: "-454.50" }]);
  const told = await own.timeline(file.id);
  expect([...told].sort()).toEqual([
    "file.processed",
    "file.uploaded",
    "transactions.categorized",
    "transactions.created",
  ]);

  // A program uploads a statement under another name, with some of the same days.
  await own.put("2026 Q1/b+c 100%.csv", statement(8, 12));
  const second = await own.file("b+c 100%.csv", "processed");
  expect(second).toMatchObject({ rows: 5 });
  await own.put("folder/", "");
  await own.put("restore/package.tar", "not for us");
  await quiet();
  expect((await own.files()).length).toBe(2);

  expect(await other.seen()).toEqual({ files: [], transactions: [], figures: { months: [] }, timelines: [] });
  const route = `/api/statements/files/${file.id}`;
  const stranger = await somebody();
  expect((await stranger[0].ask("GET", route)).status).toBe(404);
  expect((await stranger[0].ask("DELETE", route)).status).toBe(404);
});

test("repeated notifications and replayed events change nothing", async () => {
  const archive = await Archive.begin(`archive-${chance()}`);
  const [person, own] = await somebody();
  await person.json("PUT", "/api/statements/rules", { yaml: RULES });
  const key = await own.upload("a.csv", statement(1, 7));
  const { id } = await own.file("a.csv", "processed");
  await until("a timeline", async () => (await own.timeline(id)).length === 4);
  await quiet();
  const before = await own.seen();
  const [events, version] = [await kept(person.tenant), await derived(person.tenant)];
  expect(events.length).toBe(4);

  const { Versions = [] } = await storage.send(
    new ListObjectVersionsCommand({ Bucket: outputs.UploadsBucket, Prefix: key }),
  );
  const notified = Versions.map(({ Key, VersionId, ETag, Size }) => ({
    eventName: "ObjectCreated:Post",
    s3: {
      bucket: { name: outputs.UploadsBucket },
      object: { key: Key, versionId: VersionId, eTag: ETag?.replaceAll('"', ""), size: Size },
    },
  }));
  expect(notified.length).toBe(1);
  await send("statements-uploads", [JSON.stringify({ Records: notified })], person.tenant);
  await quiet();
  await tell(events);
  await tell(events);
  await quiet();
  expect(await own.seen()).toEqual(before);

  const after = await derived(person.tenant);
  expect(after, "repeated events were processed").toBeGreaterThan(version);
  await archive.replay(`audit-consumer-${chance()}`, "statements-audit");
  await quiet();
  expect(await derived(person.tenant), "a replay reaches only its consumer").toBe(after);
  await archive.replay(`analytics-consumer-${chance()}`, "statements-figures");
  await until("figures derived again", async () => (await derived(person.tenant)) > after);
  await archive.replay(`file-processor-consumer-${chance()}`, "statements-process");
  await archive.replay(`categorization-consumer-${chance()}`, "statements-categorize");
  await archive.replay(`nobody-${chance()}`, "statements-audit");
  await quiet();
  expect(await own.seen()).toEqual(before);
  for (const queue of deadLettersOf("statements")) expect(await waiting(queue), queue).toBe(0);
});

test("a file that fails every time becomes a dead letter and can be retried", async () => {
  test.setTimeout(500_000);
  const [person, own] = await somebody();
  const [, other] = await somebody();
  // The content of this tenant's files cannot be read, but their existence can be checked.
  const content = `GET /${outputs.UploadsBucket}/statements/${person.tenant}/(?!.*tagging)`;
  disturb({ s3: { refused: 1, only: content } });
  await own.upload("poison.csv", statement(1, 3));
  const file = await own.file("poison.csv", "failed", 240_000);
  expect(file.state).toBe("failed");
  expect(file.reason).not.toBe("");
  const [letter] = await until("a dead letter", async () => {
    const letters = await own.letters();
    return letters.length > 0 && letters;
  });
  expect(letter).toMatchObject({
    ...{ flow: "statements", stage: "file-processor-consumer" },
    ...{ subject: file.id, subject_name: "poison.csv" },
  });
  expect(letter?.reason).toContain("GetObject");
  expect(await waiting("statements-process-dead-letters")).toBe(1);
  await until("the failure on the record", async () => (await own.files())[0]?.errors.length === 1);
  expect(await own.timeline(file.id)).toContain("error.occurred");
  expect(await own.transactions()).toEqual([]);

  expect(await other.letters()).toEqual([]);
  expect(await other.redrive([letter?.id ?? ""])).toBe(0);
  calm();
  expect(await own.redrive([letter?.id ?? ""])).toBe(1);
  await own.file("poison.csv", "processed");
  expect((await own.transactions()).length).toBe(3);
  expect(await own.letters()).toEqual([]);
  expect(await own.redrive([letter?.id ?? ""]), "it is no longer a dead letter").toBe(0);
});

test("deleting a statement removes all data that only it has", async () => {
  const [person, own] = await somebody();
  const key = await own.upload("first.csv", statement(1, 5), "shared");
  const first = await own.file("first.csv", "processed");
  await own.upload("second.csv", statement(4, 8), "shared");
  const second = await own.file("second.csv", "processed");
  expect([second.new, second.duplicates]).toEqual([3, 2]);
  await quiet();
  expect((await own.figures()).months).toMatchObject([{ count: 8 }]);

  expect((await person.ask("DELETE", `/api/statements/files/${first.id}`)).status).toBe(202);
  await until("deleted", async () =>
    (await own.files()).find((file) => file.id === first.id && file.detail === "deleted" && file.state === "done"),
  );
  await quiet();
  const left = await own.transactions();
  expect(left.map(({ date }) => date).sort()).toEqual([4, 5, 6, 7, 8].map((day) => `2026-01-0${day}`));
  expect((await own.figures()).months).toMatchObject([{ month: "2026-01", count: 5 }]);
  expect(await own.timeline(first.id)).toEqual(["file.deleted"]);

  const { Versions = [], DeleteMarkers = [] } = await storage.send(
    new ListObjectVersionsCommand({ Bucket: outputs.UploadsBucket, Prefix: key }),
  );
  expect([...Versions, ...DeleteMarkers]).toEqual([]);
  const parts = await storage.send(
    new ListObjectVersionsCommand({ Bucket: outputs.ObjectsBucket, Prefix: "statements/" }),
  );
  const remaining = (parts.Versions ?? []).filter(({ Key, IsLatest }) => IsLatest && Key?.includes(first.id));
  expect(remaining).toEqual([]);
  const said = JSON.stringify(
    (await stored(outputs.RecordsTable)).filter((item) => item.pk?.S?.includes(person.tenant)),
  );
  for (const gone of ["first.csv", "Booking number 01", "Booking number 03", key]) expect(said).not.toContain(gone);
  expect(said).toContain("Booking number 08");
});

test("no table or bucket contains data of a deleted statement", async () => {
  const [person, own] = await somebody();
  const [name, account, booked] = [`name-${chance()}.csv`, `account-${chance()}`, `booked-${chance()}`];
  const rows = Array.from({ length: 40 }, (_, at) => `2026-0${1 + (at % 9)}-03,${booked} number ${at},-1.50,EUR`);
  await own.upload(name, ["Date,Description,Amount,Currency", ...rows, ""].join("\n"), account);
  const file = await own.file(name, "processed");
  await quiet();
  for (const word of [name, account, booked]) expect(await telling([word]), `${word} is found`).not.toEqual([]);

  expect((await person.ask("DELETE", `/api/statements/files/${file.id}`)).status).toBe(202);
  await until("deleted", async () => (await own.files()).find(({ id, state }) => id === file.id && state === "done"));
  await quiet();
  expect(await telling([name, account, booked])).toEqual([]);
  expect((await own.files()).map(({ id, detail }) => [id, detail])).toEqual([[file.id, "deleted"]]);
});
