// Measures waiting times of the page in a real browser.

import type { Page } from "@playwright/test";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { complete, expect, loaded, scanFiftyThousand, test } from "../support/test.ts";

const REPORT = process.env.RIFFLE_PAGE_FIGURES;
const TURNS = 7;

function tell(what: string, value: number, unit: string): void {
  const line = JSON.stringify({ what, value, unit });
  if (REPORT) appendFileSync(REPORT, `${line}\n`);
  else console.log(line);
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Returns the milliseconds from a click or key event, by its timestamp, to the first frame that shows the result. */
async function answer(page: Page, act: () => Promise<void>, shows: string): Promise<number> {
  await page.evaluate((selector) => {
    const state = window as unknown as { began: number; took: number | null };
    state.took = null;
    state.began = 0;
    const begin = (event: Event) => {
      state.began ||= event.timeStamp;
    };
    for (const kind of ["click", "keydown", "input"]) document.addEventListener(kind, begin, { once: true, capture: true });
    const watch = () => {
      if (state.began > 0 && document.querySelector(selector)) state.took ??= performance.now() - state.began;
      else requestAnimationFrame(watch);
    };
    requestAnimationFrame(watch);
  }, shows);
  await act();
  const took = await page.waitForFunction(() => (window as unknown as { took: number | null }).took);
  return (await took.jsonValue()) as number;
}

test("the first load", async ({ page, server }) => {
  const times: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    await page.goto("about:blank");
    const began = Date.now();
    await page.goto(server.address, { waitUntil: "commit" });
    await page.getByLabel("Codes", { exact: true }).waitFor();
    times.push(Date.now() - began);
    if (turn === 0) tell("first load, scripts and styles, gzip", (await loaded(page)) / 1000, "kB");
  }
  tell("page usable", median(times), "ms");
});

test("the first match", async ({ page, server, folder }) => {
  // 6,600 files, with a code in each of the first 50.
  const drawings = path.join(folder, "drawings");
  mkdirSync(drawings);
  for (let file = 0; file < 6_600; file++) {
    const text = file < 50 ? `drill HC-${file}\n` : "nothing here\n";
    writeFileSync(path.join(drawings, `${String(file).padStart(5, "0")}.txt`), text.repeat(20));
  }
  const times: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    await page.goto(server.address);
    await page.getByLabel("Folder", { exact: true }).fill(drawings);
    await page.getByLabel("Codes", { exact: true }).fill(Array.from({ length: 50 }, (_, code) => `HC-${code}`).join("\n"));
    await expect(page.getByText("Ready.")).toBeVisible();
    times.push(await answer(page, () => page.getByRole("button", { name: "Start scan" }).click(), "[data-row]"));
    await complete(page);
  }
  tell("click to first match, 6,600 files", median(times), "ms");
  tell("click to first match, the slowest", Math.max(...times), "ms");
});

test("fifty thousand rows", async ({ page, server, folder }) => {
  await scanFiftyThousand(page, server, folder);

  const filter = page.getByLabel("Filter matches");
  const filtered: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    await filter.focus();
    // One digit, which nearly 41,000 of the rows contain.
    filtered.push(await answer(page, () => page.keyboard.press("7"), '[data-shown]:not([data-shown="50000"])'));
    await filter.fill("");
    await expect(page.locator("[data-shown]")).toHaveAttribute("data-shown", "50000");
  }
  tell("filter 50,000 rows", median(filtered), "ms");

  const sorted: number[] = [];
  for (const name of ["Code", "File", "Text around it", "Page or cell"]) {
    const heading = page.getByRole("columnheader", { name, exact: true }).getByRole("button");
    sorted.push(await answer(page, () => heading.click(), '[aria-sort="ascending"]'));
    sorted.push(await answer(page, () => heading.click(), '[aria-sort="descending"]'));
    await heading.click();
  }
  tell("sort 50,000 rows", median(sorted), "ms");
  tell("sort 50,000 rows, the slowest", Math.max(...sorted), "ms");

  // Scrolls with the wheel for five seconds and records the time between frames.
  await page.getByRole("grid", { name: "Matches" }).hover();
  await page.evaluate(() => {
    const state = window as unknown as { frames: number[]; on: boolean };
    state.frames = [];
    state.on = true;
    let before = performance.now();
    const next = (now: number) => {
      state.frames.push(now - before);
      before = now;
      if (state.on) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
  const until = Date.now() + 5_000;
  while (Date.now() < until) await page.mouse.wheel(0, 700);
  const frames = await page.evaluate(() => {
    const state = window as unknown as { frames: number[]; on: boolean };
    state.on = false;
    return state.frames.slice(2);
  });
  tell("scrolling: frames longer than 50 ms", frames.filter((frame) => frame > 50).length, `of ${frames.length}`);
  tell("scrolling: longest frame", Math.max(...frames), "ms");

  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = (await session.send("Runtime.getHeapUsage")) as { usedSize: number };
  tell("script memory of the tab with 50,000 rows", usedSize / 1e6, "MB");
});
