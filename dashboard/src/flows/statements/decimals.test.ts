import { describe, expect, it } from "vitest";

import { amountWords, compare, isDecimal, sign, sum, typed, understood } from "./decimals.ts";

/** Replaces the no-break spaces that some languages put before a currency. */
const words = (...of: Parameters<typeof amountWords>) => amountWords(...of).replace(/[\u00a0\u202f]/g, " ");

describe("formatted amounts", () => {
  it.each([
    ["1234.50", "EUR", "en-GB", "+€1,234.50"],
    ["-1234.50", "EUR", "en-GB", "-€1,234.50"],
    ["-1234.50", "EUR", "de-DE", "-1.234,50 €"],
    ["0.00", "EUR", "en-GB", "€0.00"],
    // The decimals of the source, but at least those usual for the currency.
    ["12.5", "EUR", "en-GB", "+€12.50"],
    ["-0.005", "EUR", "en-GB", "-€0.005"],
    ["1200", "JPY", "en-GB", "+JP¥1,200"],
    ["-12.30", "JPY", "en-GB", "-JP¥12.30"],
    ["5", "KWD", "en-GB", "+KWD 5.000"],
    ["20.10", "", "en-GB", "+20.10"],
    ["20.10", "Taler", "en-GB", "+20.10 Taler"],
  ])("%s %s in %s", (decimal, currency, language, shown) => {
    expect(words(decimal, currency, { signed: true, language })).toBe(shown);
  });

  it("keep digits that a floating-point number would lose", () => {
    const shown = words("-9007199254740993.0000000001", "EUR", { language: "en-GB" });
    expect(shown).toBe("-€9,007,199,254,740,993.0000000001");
    expect(words("0.1000000000000000055", "", { language: "en-GB" })).toBe("0.1000000000000000055");
  });

  it("are unchanged if they cannot be parsed", () => {
    expect(words("1e5", "EUR", { language: "en-GB" })).toBe("1e5 EUR");
    expect(words("", "", { language: "en-GB" })).toBe("");
  });
});

it("accepts only decimals in the format of the API", () => {
  for (const good of ["0", "-1", "12.50", "007"]) expect(isDecimal(good)).toBe(true);
  for (const bad of ["", "-", ".5", "5.", "1,5", "1e5", "+1", " 1", "NaN", "0x1"]) expect(isDecimal(bad)).toBe(false);
});

describe("sums", () => {
  it.each([
    [[], "0"],
    [["0.1", "0.2"], "0.3"],
    [["-0.05", "0.050"], "0.000"],
    [["1000", "-0.01"], "999.99"],
    [["-3", "0.5"], "-2.5"],
    [["-0.5", "0.4"], "-0.1"],
    [["90071992547409930000.1", "0.02"], "90071992547409930000.12"],
  ])("of %j are exact", (parts, whole) => {
    expect(sum(parts)).toBe(whole);
  });

  it("can be compared", () => {
    expect(compare("-10", "-9.99")).toBe(-1);
    expect(compare("1.10", "1.1")).toBe(0);
    expect(compare("90071992547409930001", "90071992547409930000")).toBe(1);
  });

  it("have a sign", () => {
    expect(["-0.00", "0.01", "-7", "x"].map(sign)).toEqual([0, 1, -1, 0]);
  });
});

describe("typed amounts", () => {
  it.each([
    ["12.50", "en-GB", "12.50"],
    ["1,234.50", "en-GB", "1234.50"],
    ["1,234", "en-GB", "1234"],
    ["1,234,567.1", "en-GB", "1234567.1"],
    ["−20", "en-GB", "-20"],
    ["+20", "en-GB", "20"],
    ["007", "en-GB", "7"],
    ["1.234,50", "de-DE", "1234.50"],
    ["1.234", "de-DE", "1234"],
    ["12,50", "de-DE", "12.50"],
    // The decimal point of other languages, if it is unambiguous.
    ["12.50", "de-DE", "12.50"],
    ["1 234,50", "fr-FR", "1234.50"],
    ["-1’234.50", "de-CH", "-1234.50"],
  ])("%s in %s", (text, language, decimal) => {
    expect(understood(text, language)).toBe(decimal);
  });

  it.each(["", "-", "abc", "1.2.3", "12,50,1", "1e5", "12 EUR"])("refuses %j", (text) => {
    expect(understood(text, "en-GB")).toBeNull();
  });

  it("can be parsed as they are shown", () => {
    for (const language of ["en-GB", "de-DE", "fr-FR"]) {
      for (const decimal of ["-1234.50", "0.001", "1234567"]) {
        expect(understood(typed(decimal, language), language)).toBe(decimal);
      }
    }
  });
});
