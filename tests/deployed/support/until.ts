// Waits for a condition, with a deadline.

import { setTimeout as pause } from "node:timers/promises";

const EVERY = 200;

/** Polls `look` and returns its first result that is neither undefined nor false. Throws after the deadline. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  milliseconds = 120_000,
): Promise<T> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not in ${milliseconds / 1000} s: ${what}`);
    await pause(EVERY);
  }
}
