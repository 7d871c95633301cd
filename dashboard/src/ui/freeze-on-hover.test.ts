import { expect, it } from "vitest";

import { frozen } from "./freeze-on-hover.ts";

const row = (id: string, state = "") => ({ id, state });
const rows = (ids: string) => Array.from(ids, (id) => row(id));
const of = (before: string, now: ReturnType<typeof row>[]) => {
  const { shown, held } = frozen(rows(before), now, ({ id }) => id);
  return { ids: shown.map(({ id }) => id).join(""), held, shown };
};

it("new rows do not move existing ones", () => {
  expect(of("abc", rows("xabyc"))).toMatchObject({ ids: "abc", held: 2 });
});

it("rows after the last are shown, because they move no others", () => {
  expect(of("abc", rows("xabcde"))).toMatchObject({ ids: "abcde", held: 1 });
});

it("rows are shown with their current content", () => {
  expect(of("ab", [row("a", "new"), row("b")]).shown[0]).toEqual(row("a", "new"));
});

it("a removed row keeps its place", () => {
  expect(of("abc", rows("ac"))).toMatchObject({ ids: "abc", held: 0 });
});

it("completely different rows are shown at once", () => {
  expect(of("abc", rows("xy"))).toMatchObject({ ids: "xy", held: 0 });
  expect(of("", rows("xy"))).toMatchObject({ ids: "xy", held: 0 });
  expect(of("ab", [])).toMatchObject({ ids: "", held: 0 });
});
