// Fixtures of each test: its own server, and the page.

import AxeBuilder from "@axe-core/playwright";
import { expect, type Locator, type Page, test as base } from "@playwright/test";
import { writeFileSync } from "node:fs";
import path from "node:path";

import { Cloud } from "./cloud.ts";
import { texts } from "./files.ts";
import { Network } from "./network.ts";
import { scratch, Server } from "./server.ts";

/** Address of a scan. */
const SCAN = /\/scans\/([0-9a-f]{32})/;
/** Timeout of work whose duration depends on the machine. Milliseconds. */
const PATIENCE = 240_000;

interface Fixtures {
  /** A temporary folder, removed afterwards. */
  folder: string;
  server: Server;
  /** Number of files that the server reads in parallel; 0: its default. */
  jobs: number;
  network: Network;
  /** The page as AWS serves it. */
  cloud: Cloud;
}

export const test = base.extend<Fixtures>({
  // Playwright parses the parameter, which must be an object pattern.
  folder: async ({}, use) => {
    const made = scratch();
    await use(made.path);
    made.remove();
  },
  jobs: [0, { option: true }],
  server: async ({ folder, jobs }, use) => {
    const server = await Server.start(path.join(folder, "state"), jobs > 0 ? ["--jobs", String(jobs)] : []);
    await use(server);
    await server.stop();
  },
  network: async ({ server }, use) => {
    const network = await Network.before(server.port);
    await use(network);
    await network.close();
  },
  cloud: async ({ server }, use) => {
    const cloud = await Cloud.before(server);
    await use(cloud);
    await cloud.close();
  },
  page: async ({ page }, use) => {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await use(page);
    expect(errors, "no error in the page").toEqual([]);
  },
});

export { expect } from "@playwright/test";

export async function startScan(page: Page, folder: string, codes: string[] | { file: string }): Promise<void> {
  await fillIn(page, folder, codes);
  await page.getByRole("button", { name: "Start scan" }).click();
}

export async function fillIn(page: Page, folder: string, codes: string[] | { file: string }): Promise<void> {
  await page.getByLabel("Folder", { exact: true }).fill(folder);
  if (Array.isArray(codes)) await page.getByLabel("Codes", { exact: true }).fill(codes.join("\n"));
  else await page.getByLabel("File with codes").setInputFiles(codes.file);
  await expect(page.getByText("Ready.")).toBeVisible();
}

/**
 * Starts a scan and pauses the server after the given number of matches, until the test calls `go`: on machines of any
 * speed, the scan does not finish earlier. `network` is between the browser and the server.
 */
export async function startHeldScan(
  page: Page,
  { server, network, folder, codes, matches = 1 }: {
    server: Server;
    network: Network;
    folder: string;
    codes: string[] | { file: string };
    matches?: number;
  },
): Promise<void> {
  await page.goto(network.address);
  await fillIn(page, folder, codes);
  network.when('"match_id"', matches, () => server.pause());
  await page.getByRole("button", { name: "Start scan" }).click();
  await expect(page.locator("[data-row]").first()).toBeVisible();
}

/** Returns the state badge of the shown scan. */
export function state(page: Page): Locator {
  return page.getByRole("main").locator("[data-state]");
}

export async function complete(page: Page): Promise<void> {
  await expect(page).toHaveURL(SCAN);
  await expect(state(page)).toHaveText("Done", { timeout: PATIENCE });
}

/** Asserts that axe finds no accessibility violations on the page. */
export async function look(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, help, nodes }) => {
    return `${id}: ${help}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(" | ")}`;
  });
  expect(found).toEqual([]);
}

/** Returns the number of matches that the table reports. */
export async function shown(page: Page): Promise<number> {
  return Number(await page.locator("[data-shown]").getAttribute("data-shown"));
}

export function scanId(page: Page): string {
  const found = SCAN.exec(page.url());
  if (!found?.[1]) throw new Error(`${page.url()} is not the address of a scan`);
  return found[1];
}

interface Listed {
  match_id: string;
  data: { hole_code: string; file_name: string };
}

/** Returns all matches from the server. */
export async function serverMatches(server: Server, id: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: { matches: Listed[]; next_cursor?: string | null } = await server.json(
      `/api/scans/${id}/matches?limit=5000${cursor ? `&cursor=${cursor}` : ""}`,
    );
    for (const { match_id, data } of page.matches) found.set(match_id, `${data.hole_code} ${data.file_name}`);
    cursor = page.next_cursor ?? null;
  }
  return found;
}

/** Returns all matches from the export of the page. */
export async function pageMatches(page: Page): Promise<string[]> {
  await page.getByRole("button", { name: "Export" }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: "Save as CSV" }).click(),
  ]);
  const text = await new Response((await download.createReadStream()) as never).text();
  const rows = text.replace(/^\uFEFF/, "").trimEnd().split("\r\n").slice(1);
  return rows.map((row) => {
    const cells = row.slice(1, -1).split('","');
    return `${cells[0]} ${cells[1]}`;
  });
}

/** Asserts that the page shows the server's state. */
export async function expectServerState(page: Page, server: Server): Promise<void> {
  const id = scanId(page);
  const detail = await server.json<{ state: string; processed: number; failed: number; matches: number }>(
    `/api/scans/${id}`,
  );
  const known = await serverMatches(server, id);
  expect(known.size).toBe(detail.matches);
  await expect(page.locator("[data-shown]")).toHaveAttribute("data-shown", String(detail.matches));
  const count = (value: number) => value.toLocaleString("en-GB");
  await expect(page.locator('[data-figure="matches"]')).toHaveText(count(detail.matches));
  await expect(page.locator('[data-figure="failed"]')).toHaveText(count(detail.failed));
  expect((await pageMatches(page)).sort()).toEqual([...known.values()].sort());
}

/** Returns the transferred (encoded) bytes of scripts and styles that the page has loaded. */
export async function loaded(page: Page): Promise<number> {
  return page.evaluate(() =>
    (performance.getEntriesByType("resource") as PerformanceResourceTiming[])
      .filter(({ name }) => /\.(js|css)$/.test(name))
      .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
  );
}

/** Scans five hundred files with a hundred codes each, and waits until all fifty thousand matches are listed. */
export async function scanFiftyThousand(page: Page, server: Server, folder: string): Promise<void> {
  const list = path.join(folder, "codes.txt");
  writeFileSync(list, texts(path.join(folder, "texts"), 500, 100).join("\n"));
  await page.goto(server.address);
  await startScan(page, path.join(folder, "texts"), { file: list });
  await complete(page);
  await expect(page.locator("[data-shown]")).toHaveAttribute("data-shown", "50000");
}
