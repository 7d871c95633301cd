import { expect, it } from "vitest";

import { redrivenWords } from "./words.ts";

it.each([
  [1, 1, "1 letter redriven."],
  [3, 2, "2 letters redriven; 1 letter had left already."],
  [2, 0, "Nothing was redriven: 2 letters had left already."],
  [null, 5, "5 letters redriven."],
  [null, 0, "Nothing was left to redrive."],
])("says what became of redriving: %s asked, %d done", (asked, done, words) => {
  expect(redrivenWords(asked, done)).toBe(words);
});
