// How often functions wrote each item of the ledger.

import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { lines } from "./faults.ts";
import { outputs, run } from "./stack.ts";

const NOTED = path.join(run, "writes");

/** As infra/emulator/writes.py notes it. */
interface Write {
  table: string;
  pk: string;
  sk: string;
  /** Of the attributes that are written or compared. */
  names: string[];
}

/** Numbers of writes. */
export interface Written {
  /** Of the session's item, when workers had read a batch. */
  session_by_batches: number;
  /** Of the same at any other time: its steps, and progress, which is told by the clock. */
  session_otherwise: number;
  /** Of the one set of numbers that was written most. Each is of a chunk, a hundred files. */
  chunk: number;
  /** How many of the other items of the table, such as results, were written more than once. */
  repeated: number;
}

/** From now on, until they are told. */
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
    // Another session, such as that of an earlier test which is still being swept.
    if (sk === "SESSION" && pk !== `S#${session}`) continue;
    // What a tenant used: requests of people, of which its quota allows 100 a second.
    if (pk.startsWith("Q#")) continue;
    if (pk === `S#${session}` && sk === "SESSION") {
      // Workers alone add to the number of files that are read.
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
