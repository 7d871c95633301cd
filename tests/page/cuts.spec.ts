// Whatever happens to the network, the tab or the server, the page finally shows the server's state.

import path from "node:path";

import type { Page } from "@playwright/test";

import { samples, texts } from "./support/files.ts";
import { Network } from "./support/network.ts";
import { Server } from "./support/server.ts";
import { complete, expect, expectServerState, startHeldScan, startScan, test } from "./support/test.ts";

/** Number of disturbed scans. Long runs set more. */
const RUNS = Number(process.env.RIFFLE_PAGE_RUNS ?? 3);
/** Disturbances per run. */
const CUTS = 10;
/** Enough files that most disturbances happen while they are read. */
const FILES = Number(process.env.RIFFLE_PAGE_FILES ?? 900);

test("reloads and cuts at ten random moments", async ({ page, server, network, folder }) => {
  test.setTimeout(RUNS * 360_000);
  const made = samples(path.join(folder, "samples"), FILES, 5);
  for (let run = 0; run < RUNS; run++) {
    await page.goto(network.address);
    await startScan(page, made.drawings, { file: made.codes });
    for (let cut = 0; cut < CUTS; cut++) {
      await page.waitForTimeout(Math.random() * 250);
      switch (Math.floor(Math.random() * 3)) {
        case 0:
          await page.reload({ waitUntil: "commit" });
          break;
        case 1:
          network.reset();
          break;
        default:
          network.cut();
          await page.waitForTimeout(Math.random() * 600);
          network.mend();
      }
    }
    // A reload while the network is cut leaves the browser's error page: load again, as a user would.
    if (!page.url().startsWith(network.address)) await page.goto(network.address);
    if (await page.getByRole("main").isHidden().catch(() => true)) await page.reload();
    await complete(page);
    await expectServerState(page, server);
  }
});

test("a reload right after the click joins the same scan", async ({ page, server, network, folder }) => {
  await page.goto(network.address);
  await clickStart(page, folder);
  await page.reload();
  await expectOneScan(page, server);
});

test("a reload that began before the browser had the scan's address joins the scan", async ({
  page,
  server,
  network,
  folder,
}) => {
  await page.goto(network.address);
  await page.evaluate(() => {
    history.pushState = () => undefined;
  });
  await clickStart(page, folder);
  await page.waitForFunction(() => /"named":true/.test(sessionStorage.getItem("riffle.starting") ?? ""));
  await page.reload();
  await expectOneScan(page, server);
});

async function clickStart(page: Page, folder: string): Promise<void> {
  const codes = texts(path.join(folder, "texts"), 20, 3);
  await page.getByLabel("Folder", { exact: true }).fill(path.join(folder, "texts"));
  await page.getByLabel("Codes", { exact: true }).fill(codes.join(" , "));
  await expect(page.getByText("Ready.")).toBeVisible();
  await page.getByRole("button", { name: "Start scan" }).click();
}

async function expectOneScan(page: Page, server: Server): Promise<void> {
  await complete(page);
  await expectServerState(page, server);
  const { scans } = await server.json<{ scans: unknown[] }>("/api/scans");
  expect(scans).toHaveLength(1);
}

test.describe("one file at a time", () => {
  test.use({ jobs: 1 });

  test("a lost connection is shown as text, and the page reconnects", async ({ page, network, server, folder }) => {
    const made = samples(path.join(folder, "samples"), 800, 6);
    await startHeldScan(page, { server, network, folder: made.drawings, codes: { file: made.codes } });
    const connection = page.getByRole("status", { name: "Connection" });
    await expect(connection).toHaveText("Live");
    network.cut();
    await expect(connection).toContainText("Connection lost");
    await page.getByRole("button", { name: "Retry now" }).click();
    network.mend();
    server.go();
    await expect(page.locator('[data-connection="live"], [data-connection="over"]')).toBeVisible();
    await complete(page);
    await expectServerState(page, server);
  });
});

test("a form filled in without a network is checked once the network is back", async ({ page, network, folder }) => {
  const drawings = path.join(folder, "drawings");
  const codes = texts(drawings, 1, 1);
  await page.goto(network.address);
  await expect(page.getByLabel("Folder", { exact: true })).toBeVisible();
  network.cut();
  await page.getByLabel("Folder", { exact: true }).fill(drawings);
  await page.getByLabel("Codes", { exact: true }).fill(codes.join("\n"));
  await expect(page.getByText("The server cannot be reached")).toHaveCount(2);
  network.mend();
  await expect(page.getByText("Ready.")).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText("The server cannot be reached")).toHaveCount(0);
});

test("after a kill of the server, the scan and the page continue", async ({ page, server, network, folder }) => {
  const made = samples(path.join(folder, "samples"), 1500, 7);
  await page.goto(network.address);
  await startScan(page, made.drawings, { file: made.codes });
  await expect(page.locator("[data-row]").first()).toBeVisible();
  await server.kill();
  const again = await Server.start(path.join(folder, "state"));
  network.lead(again.port);
  try {
    await complete(page);
    await expectServerState(page, again);
  } finally {
    await again.stop();
  }
});

/** Seconds after which the server closes a socket. */
const AGE = 4;

test("a socket that reaches its maximum age is replaced without a message", async ({ page, folder }) => {
  const made = samples(path.join(folder, "samples"), 800, 8);
  const server = await Server.start(path.join(folder, "state"), ["--socket-max-age", String(AGE), "--jobs", "1"]);
  const network = await Network.before(server.port);
  let opened = 0;
  page.on("websocket", () => opened++);
  try {
    await page.addInitScript(() => {
      const seen: string[] = [];
      (window as unknown as { seen: string[] }).seen = seen;
      new MutationObserver(() => {
        const state = document.querySelector("[data-connection]")?.getAttribute("data-connection");
        if (state && seen.at(-1) !== state) seen.push(state);
      }).observe(document, { subtree: true, childList: true, attributes: true });
    });
    await startHeldScan(page, { server, network, folder: made.drawings, codes: { file: made.codes } });
    const before = opened;
    // As on a very slow machine: the server is paused until the socket is too old, so that it closes the socket while
    // the page still waits for the next one.
    await page.waitForTimeout((AGE + 1) * 1_000);
    server.go();
    await expect.poll(() => opened).toBeGreaterThan(before);
    await complete(page);
    await expectServerState(page, server);
    const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
    expect(seen).toContain("live");
    expect(seen).not.toContain("waiting");
  } finally {
    await network.close();
    await server.stop();
  }
});
