import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import type { Page } from "@playwright/test";

import { broken, samples, texts } from "./support/files.ts";
import { complete, expect, expectServerState, shown, startHeldScan, startScan, state, test } from "./support/test.ts";

/** Runs an action of the "More" menu of a scan. */
async function more(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name }).click();
}

test("from a folder to the report", async ({ page, server, folder }) => {
  const made = samples(path.join(folder, "samples"), 120);
  await page.goto(server.address);
  await startScan(page, made.drawings, { file: made.codes });
  await expect(page).toHaveURL(/\/scans\/[0-9a-f]{32}$/);
  await complete(page);
  await expectServerState(page, server);
  await expect(page.locator('[data-figure="files"]')).toHaveText("120 of 120");
  await expect(page.getByRole("region", { name: "Receipt" })).toContainText("120 files (");

  const [report] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download report" }).click(),
  ]);
  expect(report.suggestedFilename()).toMatch(/^riffle-[0-9a-f]{32}\.xlsx$/);
  // A workbook is a ZIP archive.
  expect(readFileSync(await report.path()).subarray(0, 2).toString()).toBe("PK");

  await page.getByRole("link", { name: "Scans", exact: true }).click();
  await expect(page.getByRole("row", { name: /samples.*drawings/ })).toContainText("Done");
});

test("from dropped files to the report", async ({ page, server, folder }) => {
  const codes = texts(path.join(folder, "texts"), 30, 5);
  await page.goto(server.address);
  await page.getByRole("tab", { name: "Upload files" }).click();
  await page.getByLabel("Folder", { exact: true }).setInputFiles(path.join(folder, "texts"));
  await expect(page.getByText("30 files,")).toBeVisible();
  await page.getByLabel("Codes", { exact: true }).fill(codes.join(", "));
  await expect(page.getByRole("status", { name: "Recognised codes" })).toContainText("150 codes");
  await page.getByRole("button", { name: "Start scan" }).click();
  await complete(page);
  await expectServerState(page, server);
  expect(await shown(page)).toBe(150);
  await expect(page.getByRole("grid", { name: "Matches" })).toContainText("texts/list-00000.txt");
});

test("a large file is uploaded in parts", async ({ page, server, folder }) => {
  const large = path.join(folder, "large.txt");
  writeFileSync(large, `${"nothing to see here\n".repeat(1_100_000)}and HC-77 at the end\n`);
  await page.goto(server.address);
  await page.getByRole("tab", { name: "Upload files" }).click();
  await page.getByLabel("Files", { exact: true }).setInputFiles(large);
  await page.getByLabel("Codes", { exact: true }).fill("HC-77");
  await expect(page.getByText("Ready.")).toBeVisible();
  await page.getByRole("button", { name: "Start scan" }).click();
  await complete(page);
  await expectServerState(page, server);
  expect(await shown(page)).toBe(1);
});

test("failed files are listed with the reason, and a retry reads them again", async ({ page, server, folder }) => {
  const drawings = path.join(folder, "drawings");
  const codes = texts(drawings, 5, 2);
  broken(path.join(drawings, "cut.pdf"));
  broken(path.join(drawings, "cut-too.pdf"));
  await page.goto(server.address);
  await startScan(page, drawings, [...codes, "MENDED-1"]);
  await complete(page);
  await page.getByRole("tab", { name: /Problems/ }).click();
  const row = page.getByRole("row", { name: /cut\.pdf/ });
  await expect(row).toContainText("damaged");
  await page.getByLabel("Filter problems").fill("cut-too");
  await expect(row).toBeHidden();

  writeFileSync(path.join(drawings, "cut.pdf"), "now a text with MENDED-1 in it\n");
  const before = page.url();
  await page.getByRole("button", { name: "Retry 2 files" }).click();
  await expect(page).not.toHaveURL(before);
  await complete(page);
  await expect(page.locator('[data-figure="failed"]')).toHaveText("1");
  await expectServerState(page, server);
  await expect(page.getByRole("link", { name: "an earlier scan" })).toHaveAttribute("href", new URL(before).pathname);
  await expect(page.getByRole("grid", { name: "Matches" })).toContainText("MENDED-1");
});

test("codes are found, absent or unknown", async ({ page, server, folder }) => {
  const drawings = path.join(folder, "drawings");
  texts(drawings, 2, 3);
  await page.goto(server.address);
  await startScan(page, drawings, ["HC-1", "HC-2", "NOT-THERE-1"]);
  await complete(page);
  await page.getByRole("tab", { name: "Codes" }).click();
  await expect(page.locator('[data-code="HC-1"]')).toContainText("Found");
  await page.getByText("Absent (1)").click();
  await expect(page.locator('[data-code="NOT-THERE-1"]')).toContainText("Absent");
});

test("the recognised codes are shown before the start", async ({ page, server }) => {
  await page.goto(server.address);
  const button = page.getByRole("button", { name: "Start scan" });
  await expect(button).toBeDisabled();
  await expect(page.getByText("Choose files and codes first.")).toBeVisible();
  await page.getByLabel("Codes", { exact: true }).fill("HOLE-1, HOLE-2\nhole-1");
  const understood = page.getByRole("status", { name: "Recognised codes" });
  await expect(understood).toContainText("2 codes");
  await expect(understood).toContainText("1 duplicate ignored");
  await page.getByLabel("Folder", { exact: true }).fill("/no/such/folder");
  await expect(page.getByText("This folder does not exist.")).toBeVisible();
  await expect(button).toBeDisabled();
});

test.describe("one file at a time", () => {
  test.use({ jobs: 1 });

  test("a scan is cancelled after a confirmation", async ({ page, folder, server, network }) => {
    const made = samples(path.join(folder, "samples"), 800, 3);
    await startHeldScan(page, { server, network, folder: made.drawings, codes: { file: made.codes } });
    await page.getByRole("button", { name: "Cancel scan" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Keep scanning" }).click();
    await expect(page.getByRole("dialog")).toBeHidden();
    await page.getByRole("button", { name: "Cancel scan" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel scan" }).click();
    server.go();
    await expect(state(page)).toHaveText("Cancelled");
    await expect(page.getByRole("link", { name: "Download report" })).toBeHidden();
  });
});

test("the page of a scan that does not exist links to the other scans", async ({ page, server }) => {
  await page.goto(`${server.address}/scans/0123456789abcdef0123456789abcdef`);
  await expect(page.getByRole("heading", { name: "Scan not found" })).toBeVisible();
  await page.getByRole("link", { name: "View all scans" }).click();
  await expect(page.getByRole("heading", { name: "No scans yet" })).toBeVisible();
  await page.getByRole("link", { name: "Start your first scan" }).click();
  await expect(page.getByRole("heading", { name: "Find codes in drawings" })).toBeVisible();
});

test("a scan is deleted after a confirmation, from its page and from the list", async ({ page, server, folder }) => {
  const drawings = path.join(folder, "drawings");
  const codes = texts(drawings, 5, 2);
  for (const code of codes.slice(0, 2)) {
    await page.goto(server.address);
    await startScan(page, drawings, [code]);
    await complete(page);
  }
  const deleted = page.url();
  await more(page, "Delete");
  const dialog = page.getByRole("dialog", { name: "Delete this scan?" });
  await expect(dialog).toContainText("its report");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("button", { name: "More" })).toBeFocused();
  await more(page, "Delete");
  await dialog.getByRole("button", { name: "Delete", exact: true }).click();
  await expect(page).toHaveURL(/\/scans$/);
  await expect(page.getByRole("heading", { name: "Scans", exact: true })).toBeFocused();

  const remove = page.getByRole("button", { name: /^Delete the scan of/ });
  await expect(remove).toHaveCount(1);
  await remove.click();
  await dialog.getByRole("button", { name: "Delete", exact: true }).click();
  await expect(page.getByRole("heading", { name: "No scans yet" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Scans", exact: true })).toBeFocused();
  await page.goto(deleted);
  await expect(page.getByRole("heading", { name: "Scan not found" })).toBeVisible();
});
