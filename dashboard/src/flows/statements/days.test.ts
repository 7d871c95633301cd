import { expect, it } from "vitest";

import { isDay, monthDays, monthOf } from "./days.ts";

it("recognises existing days", () => {
  for (const day of ["2026-01-31", "2024-02-29", "1999-12-31"]) expect(isDay(day)).toBe(true);
  for (const day of ["2026-02-29", "2026-13-01", "2026-1-1", "20260101", "", "today"]) expect(isDay(day)).toBe(false);
});

it("returns the first and last day of a month", () => {
  expect(monthDays("2024-02")).toEqual({ from: "2024-02-01", to: "2024-02-29" });
  expect(monthDays("2026-12")).toEqual({ from: "2026-12-01", to: "2026-12-31" });
  expect(monthOf("2026-12-31")).toBe("2026-12");
});
