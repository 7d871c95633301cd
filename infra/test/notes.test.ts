// The flow of docs/adding-a-flow.md, deployed in addition to the others.

import { beforeAll, expect, test } from "vitest";

import { expected } from "./flows/notes.ts";
import { NOTES, notes } from "./notes.ts";
import { every } from "./rights.ts";
import { Seen } from "./stack.ts";

let seen: Seen;
beforeAll(() => {
  seen = Seen.with(NOTES, notes);
});

test("its functions have exactly the expected sizes, rights and variables", () => {
  for (const [name, rights] of Object.entries(expected.rights)) {
    const own = every(name).map((line) => line.replace("undefined/functions", "notes/functions"));
    expect(seen.rights(`notes/functions/${name}/role`)).toEqual([...new Set([...own, ...rights])].sort());
    const made = seen.one("AWS::Lambda::Function", `notes/functions/${name}/function`);
    expect([made.MemorySize, made.Timeout]).toEqual(expected.sizes[name]);
    const told = ["RUST_LOG", ...(expected.told[name] ?? "").split(" ")];
    expect(Object.keys(made.Environment.Variables).sort()).toEqual(told.sort());
  }
  expect(seen.rights("clients/api/role")).toEqual(expect.arrayContaining(expected.api));
});

test("its queues have the expected consumers and dead-letter queues", () => {
  for (const [queue, [receives, to]] of Object.entries(expected.moves)) {
    const { deadLetterTargetArn, maxReceiveCount } = seen.one("AWS::SQS::Queue", `notes/${queue}/queue`).RedrivePolicy;
    expect([maxReceiveCount, seen.words(deadLetterTargetArn)]).toEqual([receives, `{notes/${to}/queue.Arn}`]);
  }
  expect(seen.one("AWS::Events::Rule", "events/notes-count").EventPattern).toMatchObject({
    "detail-type": ["note.received"],
    detail: { flow: ["notes"] },
  });
});
