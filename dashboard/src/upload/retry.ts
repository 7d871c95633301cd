// What may pass is tried again.

import { ApiError } from "../api/client.ts";

const TRIES = 6;
const FIRST_WAIT = 500;

/** Tries again, after longer and longer waits what may pass. */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  signal: AbortSignal,
  before?: () => Promise<void>,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      if (tried > 1) await before?.();
      return await attempt();
    } catch (error) {
      const hopeless = error instanceof ApiError && !error.passes;
      if (signal.aborted || hopeless || !(error instanceof ApiError) || tried === TRIES) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, FIRST_WAIT * 2 ** (tried - 1));
        // Whoever stops it does not wait for that.
        signal.addEventListener("abort", resolve, { once: true });
      });
    }
  }
}
