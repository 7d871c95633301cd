// Fault injection.

import { readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { run } from "./stack.ts";

export interface Shares {
  /** Share of calls that are throttled. */
  refused?: number;
  /** Share of calls that are executed but answered with an error. */
  lost?: number;
  /** Restricts faults to calls whose method and path start with this, such as `GET /bucket/key`. */
  only?: string;
}

const ASKED = path.join(run, "faults.json");
const SEEN = path.join(run, "faults.seen");

/** Injects faults into the calls of functions from now on. See infra/emulator/faults.py. */
export function disturb(shares: Partial<Record<"dynamodb" | "s3" | "sqs", Shares>>): void {
  writeFileSync(`${ASKED}.new`, JSON.stringify(shares));
  renameSync(`${ASKED}.new`, ASKED);
}

export function calm(): void {
  rmSync(ASKED, { force: true });
}

/** Returns the number of injected faults by kind, such as `dynamodb lost`. */
export function disturbed(): Map<string, number> {
  return counted(lines(SEEN).map((line) => line.split(" ").slice(0, 2).join(" ")));
}

export function counted(words: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

export function lines(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
}

/** Returns the processes of a function of this emulator that handle events, not their parser processes. */
export function processes(name: string): number[] {
  const code = path.join(run, "tmp");
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  const ours = new Map<number, number>();
  for (const pid of pids) {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      if (!readlinkSync(`/proc/${pid}/exe`).startsWith(code)) continue;
      if (!environment.includes(`AWS_LAMBDA_FUNCTION_NAME=${name}`)) continue;
      const parent = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[1];
      ours.set(Number(pid), Number(parent));
    } catch {
      // The process has exited meanwhile.
    }
  }
  return [...ours].filter(([, parent]) => !ours.has(parent)).map(([pid]) => pid);
}

/** Kills a process without warning, like a power failure. Returns whether it still existed. */
export function kill(pid: number): boolean {
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}
