// The page with sign-in, and with storage and sockets at other origins.

import type { Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import path from "node:path";

import { samples } from "./support/files.ts";
import { complete, expect, look, scanId, test } from "./support/test.ts";

async function signIn(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Enter" }).click();
  await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
}

async function scan(page: Page, folder: string): Promise<string> {
  const made = samples(path.join(folder, "samples"), 12);
  await page.getByLabel("Folder", { exact: true }).setInputFiles(made.drawings);
  await page.getByLabel("File with codes").setInputFiles(made.codes);
  await expect(page.getByText("Ready.")).toBeVisible();
  await page.getByRole("button", { name: "Start scan" }).click();
  await complete(page);
  return scanId(page);
}

test("from the sign-in to the report, the evidence and the cost", async ({ page, cloud, folder }) => {
  await page.goto(`${cloud.address}/scans?from=mail`);
  await expect(page.getByRole("heading", { name: "Sign in to Riffle" })).toBeVisible();
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeHidden();
  await look(page);
  await signIn(page);
  await expect(page).toHaveURL(`${cloud.address}/scans?from=mail`);
  await expect(page.getByText("ada@example.org")).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: "No scans yet" })).toBeVisible();

  await page.getByRole("link", { name: "New scan" }).click();
  const id = await scan(page, folder);
  expect(cloud.told).toEqual([]);

  const receipt = page.getByRole("region", { name: "Receipt" });
  await expect(receipt).toContainText("about US$0.013");
  await receipt.getByText("Cost breakdown").click();
  await expect(receipt.getByRole("row", { name: /Functions/ })).toContainText("42 calls");
  await look(page);

  const [report] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download report" }).click(),
  ]);
  expect(readFileSync(await report.path()).subarray(0, 2).toString()).toBe("PK");
  await expect(page).toHaveURL(`${cloud.address}/scans/${id}`);

  await page.locator("[data-row]", { hasText: ".pdf" }).first().click();
  const picture = page.getByRole("img", { name: /marked/ });
  await expect(picture).toHaveAttribute("src", /^blob:/);
  const box = page.locator("[data-box]").first();
  await expect(box).toBeInViewport();
  await page.getByText("Close up").click();
  await expect(box).toBeInViewport();
  await page.getByRole("button", { name: "Close" }).click();

  expect(cloud.holding.size).toBe(1);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in to Riffle" })).toBeVisible();
  await expect.poll(() => cloud.holding.size).toBe(0);
});

test("a report opened from a link in another program", async ({ page, cloud, folder }) => {
  await page.goto(cloud.address);
  await signIn(page);
  const id = await scan(page, folder);

  // As from Excel: a new tab without a session.
  const cold = await page.context().newPage();
  await cold.goto(`${cloud.address}/scans/${id}/report.xlsx`);
  const download = cold.waitForEvent("download");
  await cold.getByRole("link", { name: "Enter" }).click();
  expect((await download).suggestedFilename()).toBe("report.xlsx");
  await expect(cold.getByRole("heading", { name: "Your download is starting" })).toBeVisible();
  await expect(cold).toHaveURL(`${cloud.address}/scans/${id}/report.xlsx`);
  await look(cold);
  const [again] = await Promise.all([
    cold.waitForEvent("download"),
    cold.getByRole("button", { name: "Download" }).click(),
  ]);
  expect(again.suggestedFilename()).toBe("report.xlsx");

  await cold.goto(`${cloud.address}/scans/${id}/files/99999`);
  await expect(cold.getByRole("alert")).toContainText("This file does not exist.");
  await look(cold);
  await cold.getByRole("link", { name: "View the scan" }).click();
  await complete(cold);

  // A user who leaves the sign-in is not redirected a second time.
  const other = await page.context().newPage();
  await other.goto(`${cloud.address}/scans`);
  await expect(other.getByRole("button", { name: "Sign in" })).toBeVisible();
  await other.goto(`${cloud.address}/scans/${id}/files/0`);
  await expect(other.getByRole("link", { name: "Leave" })).toBeVisible();
  await other.goBack();
  await expect(other.getByRole("button", { name: "Sign in" })).toBeVisible();
  await other.goForward();
  await other.getByRole("link", { name: "Leave" }).click();
  await expect(other.getByRole("alert")).toContainText("cancelled");
});

test("an expired sign-in loses no input", async ({ page, cloud }) => {
  await page.goto(cloud.address);
  await signIn(page);
  await page.getByRole("tab", { name: "A folder in the bucket" }).click();
  await expect(page.getByText("s3://BUCKET/files/acme/")).toBeVisible();
  await page.getByLabel("Folder in the uploads bucket").fill("hall 7");
  await look(page);

  // One rejected token is replaced without the user.
  cloud.revoke();
  await page.getByLabel("Codes", { exact: true }).fill("HC-1");
  await expect(page.getByText("Ready.")).toBeVisible();

  cloud.revoke();
  cloud.refreshes = false;
  await page.getByLabel("Codes", { exact: true }).fill("HC-1\nHC-2");
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await expect(dialog).toContainText("has expired");
  await look(page);
  const opened = page.waitForEvent("popup");
  await dialog.getByRole("button", { name: "Sign in" }).click();
  const window = await opened;
  const closed = window.waitForEvent("close");
  await window.getByRole("link", { name: "Enter" }).click();
  await closed;
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("status", { name: "Recognised codes" })).toContainText("2 codes");
  await expect(page.getByLabel("Folder in the uploads bucket")).toHaveValue("hall 7");
});
