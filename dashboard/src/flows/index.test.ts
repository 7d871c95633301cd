import { expect, it, vi } from "vitest";

import topology from "../../../shared/contracts/golden/topology.v1.json";
import type { Config } from "../contracts.ts";

// Modules of pages read the address when they are loaded.
vi.stubGlobal("window", { location: { pathname: "/" } });
const { flowsOf } = await import("./index.ts");

const folders = Object.keys(import.meta.glob("./*/index.tsx")).map((path) => path.split("/")[1] ?? "");
const config = (flows: string[]) => ({ flows }) as Config;

it("a flow exists if the server names it", () => {
  expect(folders).toEqual(expect.arrayContaining(["scan", "statements"]));
  expect(flowsOf(config(["statements", "unheard-of", "scan"])).map(([name]) => name)).toEqual(["statements", "scan"]);
  expect(flowsOf(config([]))).toEqual([]);
});

it.each(folders)("all pages of %s are below its own address", (name) => {
  const [found] = flowsOf(config([name]));
  const { routes, navigation, words } = found?.[1] ?? expect.fail("no such flow");
  for (const { path } of routes) expect(`${path}/`.startsWith(`${navigation.below}/`), path).toBe(true);
  const isPage = (address: string) => routes.some(({ path }) => pattern(path).test(address));
  expect(isPage(navigation.path)).toBe(true);
  expect(isPage(words.address("0f"))).toBe(true);
});

it.each(topology.flows.map(({ name }) => name))("%s has a page, and names for its functions and events", (name) => {
  expect(folders).toContain(name);
  const { words } = flowsOf(config([name]))[0]?.[1] ?? expect.fail("no such flow");
  const flow = topology.flows.find((each) => each.name === name);
  const functions = [
    ...(flow?.stages.map((stage) => stage.function) ?? []),
    ...(flow?.schedules.map((schedule) => schedule.function) ?? []),
  ];
  expect(functions.filter((each) => words.stages[each] === undefined)).toEqual([]);
  const events = flow?.stages.flatMap(({ trigger }) => ("types" in trigger ? trigger.types : [])) ?? [];
  expect(events.filter((each) => each !== undefined && words.events[each] === undefined)).toEqual([]);
});

function pattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(".", "\\.").replace(/:\w+/g, "[^/]+")}$`);
}
