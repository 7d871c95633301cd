import { expect, it } from "vitest";

import { parts } from "./receipt.ts";

const SCAN = { duration_seconds: 1, files: 2, bytes: 3, pages: 4 };
const USED = {
  invocations: 120,
  gb_seconds: 4.25,
  queue_requests: 1,
  table_write_units: 9,
  table_read_units: 2.5,
  object_writes: 0,
  object_reads: 7,
  socket_messages: 0,
  key_requests: 0,
  ocr_pages: 0,
};
const COST = {
  currency: "USD",
  region: "eu-central-1",
  total: 0.013,
  functions: 0.01,
  queues: 0.001,
  tables: 0.002,
  storage: 0,
  messages: 0,
  keys: 0,
  ocr: 0,
};

it("the receipt of a scan on this computer has no parts", () => {
  expect(parts(SCAN)).toEqual([]);
  expect(parts({ ...SCAN, used: null, cost: null })).toEqual([]);
});

it("lists used amounts and their cost", () => {
  expect(parts({ ...SCAN, used: USED, cost: COST })).toEqual([
    { name: "Functions", used: "120 calls, 4.3 GB-seconds", cost: 0.01 },
    { name: "Queues", used: "1 request", cost: 0.001 },
    { name: "Tables", used: "9 units written, 3 units read", cost: 0.002 },
    { name: "Storage", used: "7 objects read", cost: 0 },
  ]);
});

it("lists parts that have only an amount or only a cost", () => {
  expect(parts({ ...SCAN, used: USED })[0]).toEqual({
    name: "Functions",
    used: "120 calls, 4.3 GB-seconds",
    cost: null,
  });
  expect(parts({ ...SCAN, cost: COST }).map(({ name }) => name)).toEqual(["Functions", "Queues", "Tables"]);
});
