import { expect, it } from "vitest";

import { about, money } from "./format.ts";

it.each([
  [0, "$0.00"],
  [0.00004, "less than $0.0001"],
  [0.00123, "$0.0012"],
  [0.0131, "$0.013"],
  [0.0996, "$0.10"],
  [0.1, "$0.10"],
  [0.126, "$0.13"],
  [1.5, "$1.50"],
  [1234.5, "$1,234.50"],
])("%d dollars are formatted", (value, words) => {
  expect(money(value, "USD", "en-US")).toBe(words);
});

it("marks estimates", () => {
  expect(about(0.0131, "USD", "en-US")).toBe("about $0.013");
  expect(about(0.00001, "USD", "en-US")).toBe("less than $0.0001");
});
