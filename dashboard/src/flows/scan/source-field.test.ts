import { expect, it } from "vitest";

import { prefixOf } from "./source-field.tsx";

it.each([
  ["", ""],
  [" / ", ""],
  ["drawings", "drawings/"],
  [" /drawings/2026// ", "drawings/2026/"],
])("the folder %j is the prefix %j", (folder, prefix) => {
  expect(prefixOf(folder)).toBe(prefix);
});
