import { expect, it } from "vitest";

import type { Listed } from "../../contracts.ts";
import { quoted } from "../../ui/export.tsx";
import { Matches, sortKey } from "./matches.ts";

function listed(id: string, code: string, name: string): Listed {
  return {
    match_id: id,
    data: { hole_code: code, file_name: name, status: "1 Code", pdf_link: "", page: "1", snippet: `…${code}…` },
  };
}

function codes(matches: Matches, view: Uint32Array): (string | undefined)[] {
  return Array.from(view, (at) => matches.row(at)?.code);
}

it("counts a repeated match once, ignores case in filters, and sorts numbers by value", () => {
  const matches = new Matches((call) => call());
  matches.add([listed("2-0", "HOLE-10", "b.pdf"), listed("1-0", "HOLE-9", "a.pdf"), listed("2-0", "HOLE-10", "b.pdf")]);
  matches.add([listed("1-1", "DH-1", "a.pdf")]);
  expect(matches.size).toBe(3);
  const all = { all: "" };
  expect(codes(matches, matches.view(all, { column: null, descending: false }))).toEqual(["HOLE-9", "DH-1", "HOLE-10"]);
  expect(codes(matches, matches.view(all, { column: "code", descending: false }))).toEqual([
    "DH-1",
    "HOLE-9",
    "HOLE-10",
  ]);
  expect(codes(matches, matches.view(all, { column: "code", descending: true }))).toEqual([
    "HOLE-10",
    "HOLE-9",
    "DH-1",
  ]);
  expect(codes(matches, matches.view({ all: "hole" }, { column: null, descending: false }))).toEqual([
    "HOLE-9",
    "HOLE-10",
  ]);
  expect(codes(matches, matches.view({ all: "", name: "A.PDF" }, { column: null, descending: false }))).toEqual([
    "HOLE-9",
    "DH-1",
  ]);
});

it("notifies once for many additions", () => {
  const waiting: (() => void)[] = [];
  const matches = new Matches((call) => waiting.push(call));
  let told = 0;
  matches.subscribe(() => told++);
  for (let file = 0; file < 100; file++) matches.add([listed(`${file}-0`, "A-1", "a")]);
  for (const call of waiting.splice(0)) call();
  expect(told).toBe(1);
});

it("sorts numbers by value", () => {
  expect(["a10", "a9", "a09b", "a1"].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))).toEqual([
    "a1",
    "a9",
    "a09b",
    "a10",
  ]);
});

it("makes formulas harmless in exports", () => {
  expect(quoted("=cmd|' /C calc'!A0")).toBe(`"'=cmd|' /C calc'!A0"`);
  expect(quoted('a "b"')).toBe('"a ""b"""');
});
