// Every state of every page has no accessibility violations, in both colour schemes and on a small screen. Each is
// saved as a screenshot.

import { mkdirSync } from "node:fs";
import path from "node:path";

import { broken, samples } from "./support/files.ts";
import { complete, expect, fillIn, loaded, look as usable, startHeldScan, test } from "./support/test.ts";

/** Screenshots. docs/images contains four of the light, wide ones: new-filled, running, complete, evidence. */
const PICTURES = path.resolve(import.meta.dirname, "../../.cache/page/states");

// One job, so that a scan can be viewed while it runs.
test.use({ jobs: 1 });

for (const scheme of ["light", "dark"] as const) {
  for (const size of [
    { name: "wide", width: 1280, height: 900 },
    { name: "small", width: 360, height: 740 },
  ]) {
    test(`no violations: ${scheme}, ${size.name}`, async ({ page, server, network, folder }) => {
      mkdirSync(PICTURES, { recursive: true });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.setViewportSize(size);
      const look = async (state: string) => {
        await page.screenshot({ path: path.join(PICTURES, `${state}-${scheme}-${size.name}.png`) });
        await test.step(state, () => usable(page));
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(overflow, `${state} fits the width`).toBeLessThanOrEqual(0);
      };

      const made = samples(path.join(folder, "samples"), 400, 9);
      broken(path.join(made.drawings, "cut.pdf"));

      await page.goto(network.address);
      await expect(page.getByText("Choose files and codes first.")).toBeVisible();
      await look("new");
      await page.getByRole("tab", { name: "Upload files" }).click();
      await look("new-upload");
      await page.getByRole("tab", { name: "A folder on this computer" }).click();
      await page.getByLabel("Codes", { exact: true }).fill(",,,");
      await expect(page.getByRole("alert")).toBeVisible();
      await look("new-codes-refused");
      await page.goto(`${network.address}/scans`);
      await expect(page.getByRole("heading", { name: "No scans yet" })).toBeVisible();
      await look("history-empty");

      await page.goto(network.address);
      await fillIn(page, made.drawings, { file: made.codes });
      await look("new-filled");
      const held = { server, network, folder: made.drawings, codes: { file: made.codes }, matches: 600 };
      await startHeldScan(page, held);
      await look("running");
      await page.getByRole("button", { name: "Cancel scan" }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      await look("cancel");
      await page.getByRole("button", { name: "Keep scanning" }).click();
      network.cut();
      await expect(page.getByRole("status", { name: "Connection" })).toContainText("Connection lost");
      await look("disconnected");
      server.go();
      network.mend();
      await complete(page);
      await expect(page.locator("[data-row]").first()).toBeVisible();
      await look("complete");
      await page.getByRole("button", { name: "Filter by column" }).click();
      await page.getByLabel("Filter Code", { exact: true }).fill("nothing-has-this");
      await expect(page.getByRole("heading", { name: "No matches for this filter" })).toBeVisible();
      await look("filtered-out");
      await page.getByRole("tab", { name: /Problems/ }).click();
      await look("failures");
      await page.getByRole("tab", { name: "Codes" }).click();
      await expect(page.locator("[data-code]").first()).toBeVisible();
      await look("codes");
      await page.getByRole("tab", { name: /Results/ }).click();
      await page.locator("[data-row]").first().click();
      await expect(page.getByRole("dialog")).toBeVisible();
      await expect(page.getByRole("dialog").getByText("1 of")).toBeVisible();
      await page.getByRole("img", { name: /^Page with/ }).waitFor();
      await look("evidence");
      await page.keyboard.press("Escape");
      await expect(page.getByRole("dialog")).toBeHidden();
      await page.goto(`${network.address}/scans`);
      await expect(page.getByRole("link", { name: made.drawings })).toBeVisible();
      await look("history");
      await page.goto(`${network.address}/scans/${"0".repeat(32)}`);
      await expect(page.getByRole("heading", { name: "Scan not found" })).toBeVisible();
      await look("no-such-scan");
      await page.goto(`${network.address}/nowhere`);
      await expect(page.getByRole("heading", { name: "Page not found" })).toBeVisible();
      await look("no-such-page");
    });
  }
}

test("the page reports a server that does not answer, with a button to try again", async ({ page, server }) => {
  await page.route("**/api/config", (route) => route.abort());
  await page.goto(server.address);
  await expect(page.getByRole("alert")).toContainText("The server cannot be reached", { timeout: 30_000 });
  await page.unroute("**/api/config");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "Find codes in drawings" })).toBeVisible();
});

test("the first load is small", async ({ page, server }) => {
  await page.goto(server.address, { waitUntil: "networkidle" });
  const total = await loaded(page);
  expect(total).toBeGreaterThan(50_000);
  expect(total).toBeLessThanOrEqual(300_000);
});
