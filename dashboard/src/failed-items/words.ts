// What the page says of messages that failed too often.

import { counted } from "../ui/format.ts";

/** What became of handing dead letters out again; `asked` is `null` where all were meant. */
export function redrivenWords(asked: number | null, done: number): string {
  if (asked === null) return done === 0 ? "Nothing was left to redrive." : `${counted(done, "item")} redriven.`;
  if (done === asked) return `${counted(done, "item")} redriven.`;
  const left = counted(asked - done, "item");
  return done === 0
    ? `Nothing was redriven: ${left} had left already.`
    : `${counted(done, "item")} redriven; ${left} had left already.`;
}
