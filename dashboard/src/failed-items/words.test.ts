import { expect, it } from "vitest";

import { redrivenWords } from "./words.ts";

it.each([
  [1, 1, "1 item sent for retry."],
  [3, 2, "2 items sent for retry; 1 item no longer in the list."],
  [2, 0, "Nothing was retried: 2 items no longer in the list."],
  [null, 5, "5 items sent for retry."],
  [null, 0, "No items left to retry."],
])("describes the result of a retry: %s requested, %d done", (asked, done, words) => {
  expect(redrivenWords(asked, done)).toBe(words);
});
