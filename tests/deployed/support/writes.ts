// Counts the writes of functions to each item of the ledger.

import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { lines } from "./faults.ts";
import { outputs, run } from "./stack.ts";

const NOTED = path.join(run, "writes");

/** A write as recorded by infra/emulator/writes.py. */
interface Write {
  table: string;
  pk: string;
  sk: string;
  /** Names of the written or compared attributes. */
  names: string[];
}

/** Numbers of writes. */
export interface Written {
  /** Writes of the session item by workers after a batch. */
  session_by_batches: number;
  /** Other writes of the session item: state changes, and progress, which is published at fixed intervals. */
  session_otherwise: number;
  /** Writes of the number set that was written most. There is one set per chunk of a hundred files. */
  chunk: number;
  /** Number of other items of the table, such as results, that were written more than once. */
  repeated: number;
}

/** Records writes until `toldWrites` is called. */
export function noteWrites(): void {
  writeFileSync(NOTED, "");
}

export function toldWrites(session: string): Written {
  const all = lines(NOTED).map((line) => JSON.parse(line) as Write);
  rmSync(NOTED);
  const written: Written = { session_by_batches: 0, session_otherwise: 0, chunk: 0, repeated: 0 };
  const items = new Map<string, number>();
  for (const { table, pk, sk, names } of all) {
    if (table !== outputs.ScanTable) continue;
    // Another session, such as one of an earlier test that is still being swept.
    if (sk === "SESSION" && pk !== `S#${session}`) continue;
    // The usage of a tenant: user requests, of which its quota allows 100 a second.
    if (pk.startsWith("Q#")) continue;
    if (pk === `S#${session}` && sk === "SESSION") {
      // Only workers increase the number of read files.
      const isOfBatch = names.includes("np");
      written[isOfBatch ? "session_by_batches" : "session_otherwise"] += 1;
    } else {
      items.set(`${pk} ${sk}`, (items.get(`${pk} ${sk}`) ?? 0) + 1);
    }
  }
  for (const [item, count] of items) {
    if (item.endsWith(" DONE")) written.chunk = Math.max(written.chunk, count);
    else if (count > 1) written.repeated += 1;
  }
  return written;
}
