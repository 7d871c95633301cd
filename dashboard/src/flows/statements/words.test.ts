import { expect, it } from "vitest";

import { allBalancesWords, stateWords, verdictWords } from "./words.ts";

it.each([
  ["received", "queued", "Queued"],
  ["processing", "running", "Running"],
  ["processed", "done", "Done"],
  ["review", "review", "Needs review"],
  ["rejected", "failed", "Rejected"],
  ["failed", "failed", "Failed"],
  ["deleting", "running", "Deleting"],
  ["deleted", "done", "Deleted"],
] as const)("%s, which is %s, is called %s", (detail, state, words) => {
  expect(stateWords({ state, detail })).toBe(words);
});

it("the verdict says what is new", () => {
  expect(verdictWords({ rows: 5, new: 4, duplicates: 1 })).toBe("5 rows: 4 new, 1 duplicate.");
});

it.each([
  [[true, true], "Balanced"],
  [[true, null], "Balanced where the file has balances"],
  [[true, false], "Does not balance"],
  [[null, false], "Does not balance"],
  [[null, null], "No balances in file"],
  [[], "No balances in file"],
])("accounts with balances %j are summed up as %s", (accounts, words) => {
  expect(allBalancesWords(accounts.map((balanced) => ({ balanced })))).toBe(words);
});
