// Retries with backoff.

import { ApiError } from "../api/client.ts";

const TRIES = 6;
const FIRST_WAIT = 500;

/** Retries transient failures with exponential backoff. `before` runs before each retry. */
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
        // An abort ends the wait.
        signal.addEventListener("abort", resolve, { once: true });
      });
    }
  }
}
