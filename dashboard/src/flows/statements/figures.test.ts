import { expect, it } from "vitest";

import type { MonthFigures } from "../../contracts.ts";
import { months } from "./figures.ts";

const figures = (month: string, account: string, currency: string, more: Partial<MonthFigures>): MonthFigures => ({
  month,
  account,
  currency,
  count: 1,
  money_in: "0",
  money_out: "0",
  categories: [],
  ...more,
});

it("accounts are added up, exactly and by currency", () => {
  const all = months([
    figures("2026-01", "a", "EUR", {
      count: 2,
      money_in: "0.10",
      money_out: "-5.5",
      categories: [
        { category: null, count: 1, sum: "0.10" },
        { category: "Food", count: 1, sum: "-5.5" },
      ],
    }),
    figures("2026-02", "a", "EUR", { money_in: "7.00" }),
    figures("2026-01", "b", "EUR", {
      money_in: "0.20",
      money_out: "-1.25",
      categories: [
        { category: null, count: 1, sum: "0.20" },
        { category: "Rent", count: 1, sum: "-1.25" },
      ],
    }),
    figures("2026-01", "c", "CHF", { money_in: "9" }),
  ]);
  expect(all.map(({ month, currency }) => `${month} ${currency}`)).toEqual([
    "2026-02 EUR",
    "2026-01 EUR",
    "2026-01 CHF",
  ]);
  expect(all[1]).toMatchObject({ count: 3, in: "0.30", out: "-6.75" });
  expect(all[1]?.categories).toEqual([
    { category: "Food", count: 1, sum: "-5.5" },
    { category: "Rent", count: 1, sum: "-1.25" },
    { category: null, count: 2, sum: "0.30" },
  ]);
});

it("money out is negative, whatever its sign in the API", () => {
  const [told] = months([figures("2026-01", "a", "EUR", { money_out: "5.50" })]);
  expect(told?.out).toBe("-5.50");
});
