// Texts about dead letters.

import { counted } from "../ui/format.ts";

/** Returns the outcome of a retry of dead letters; `asked` is `null` if all were requested. */
export function redrivenWords(asked: number | null, done: number): string {
  if (asked === null) return done === 0 ? "No items left to retry." : `${counted(done, "item")} sent for retry.`;
  if (done === asked) return `${counted(done, "item")} sent for retry.`;
  const left = `${counted(asked - done, "item")} no longer in the list`;
  return done === 0 ? `Nothing was retried: ${left}.` : `${counted(done, "item")} sent for retry; ${left}.`;
}
