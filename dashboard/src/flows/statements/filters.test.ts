import { describe, expect, it } from "vitest";

import { address, changed, csvPath, type Filters, figuresPath, fromSearch, pagePath, toSearch } from "./filters.ts";

const ALL: Filters = {
  account: "DE02 1203 0000",
  category: "Food & drink",
  text: "café +1 %",
  file: "0f",
  from: "2026-01-01",
  to: "2026-01-31",
  min: "-100.50",
  max: "0",
};

describe("an address", () => {
  it("contains all filters, which can be read from it", () => {
    expect(fromSearch(toSearch(ALL))).toEqual(ALL);
    expect(fromSearch(`?${toSearch(ALL)}`)).toEqual(ALL);
    const none: Filters = { uncategorised: true, account: "a" };
    expect(fromSearch(toSearch(none))).toEqual(none);
  });

  it("is the same for the same view", () => {
    const backwards = Object.fromEntries(Object.entries(ALL).reverse()) as Filters;
    expect(toSearch(backwards)).toBe(toSearch(ALL));
    expect(address({})).toBe("/statements/transactions");
    expect(address({ text: "a b" })).toBe("/statements/transactions?text=a+b");
  });

  it("may have invalid parts, which are ignored", () => {
    expect(fromSearch("from=banana&to=2026-02-30&min=1,5&max=7&account=&text=%20x%20&other=1")).toEqual({
      max: "7",
      text: "x",
    });
    expect(fromSearch("uncategorised=yes")).toEqual({});
    // A transaction cannot both have a category and be uncategorised.
    expect(fromSearch("category=Food&uncategorised=true")).toEqual({ uncategorised: true });
  });
});

it("the API uses the same parameters", () => {
  expect(pagePath({}, null)).toBe("/api/statements/transactions");
  expect(pagePath({ uncategorised: true }, "a/b=")).toBe(
    "/api/statements/transactions?uncategorised=true&cursor=a%2Fb%3D",
  );
  expect(csvPath(ALL)).toBe(`/api/statements/transactions.csv?${toSearch(ALL)}`);
  expect(figuresPath(ALL)).toBe("/api/statements/figures?from=2026-01&to=2026-01&account=DE02+1203+0000");
  expect(figuresPath({ text: "x" })).toBe("/api/statements/figures");
});

it("a filter is changed or removed", () => {
  expect(changed({ text: "x", category: "Food" }, { category: undefined, uncategorised: true })).toEqual({
    text: "x",
    uncategorised: true,
  });
  expect(changed({ text: "x" }, { text: "" })).toEqual({});
});
