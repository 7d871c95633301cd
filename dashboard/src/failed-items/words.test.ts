import { expect, it } from "vitest";

import { redrivenWords } from "./words.ts";

it.each([
  [1, 1, "1 item redriven."],
  [3, 2, "2 items redriven; 1 item had left already."],
  [2, 0, "Nothing was redriven: 2 items had left already."],
  [null, 5, "5 items redriven."],
  [null, 0, "Nothing was left to redrive."],
])("says what became of redriving: %s asked, %d done", (asked, done, words) => {
  expect(redrivenWords(asked, done)).toBe(words);
});
