import { expect, it } from "vitest";

import rule from "../../../shared/contracts/golden/formulas.v1.json";
import { CLASSES, withoutFormulas } from "./formulas.ts";

it.each(rule.examples.map(([text, harmless]) => [text ?? "", harmless]))("%j becomes %j", (text, harmless) => {
  expect(withoutFormulas(text)).toBe(harmless);
});

const code = (text: string) => Number.parseInt(text.slice(2), 16);

it.each(["signs", "begin_cells", "passed_over"] as const)("%s equal those of the rule", (name) => {
  const named = new Set<number>();
  for (const range of rule[name]) {
    const [first = "", last = first] = range.split("..");
    for (let at = code(first); at <= code(last); at++) named.add(at);
  }
  const is = new RegExp(`^[${CLASSES[name]}]$`, "u");
  const differs: string[] = [];
  for (let at = 0; at <= 0x10ffff; at++) {
    const surrogate = at >= 0xd800 && at <= 0xdfff;
    if (!surrogate && is.test(String.fromCodePoint(at)) !== named.has(at)) differs.push(at.toString(16));
  }
  expect(differs).toEqual([]);
});
