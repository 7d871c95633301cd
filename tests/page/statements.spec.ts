// Statements: uploaded, read, viewed and deleted.

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Page } from "@playwright/test";

import type { Server } from "./support/server.ts";
import { expect, look, test } from "./support/test.ts";

/** Five transactions in two months; the last two have the same date. */
const STATEMENT = [
  "Date,Description,Amount,Currency",
  "2026-01-05,REWE SAGT DANKE,-12.50,EUR",
  "2026-01-31,Salary January,2100.00,EUR",
  "2026-02-01,Rent for February,-650.10,EUR",
  "2026-02-03,REWE SAGT DANKE,-7.25,EUR",
  "2026-02-03,Kiosk am Bahnhof,-3.20,EUR",
];

function statement(folder: string, name: string, lines = STATEMENT): string {
  const file = path.join(folder, name);
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

async function uploadFiles(page: Page, files: string[], account = ""): Promise<void> {
  await page.getByLabel("Files", { exact: true }).setInputFiles(files);
  await page.getByLabel("Account (optional)").fill(account);
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  await expect(page.locator("[data-upload]")).toContainText(`${files.length} of ${files.length} file`);
}

function line(page: Page, name: string) {
  return page.locator("[data-file]", { has: page.getByRole("link", { name, exact: true }) });
}

/** Uploads one statement and waits until it is processed; returns its id. */
async function processed(page: Page, server: Server, file: string, account = "Giro"): Promise<string> {
  await page.goto(`${server.address}/statements/files`);
  await uploadFiles(page, [file], account);
  const row = line(page, path.basename(file));
  await expect(row.locator("[data-state]")).toHaveAttribute("data-state", /^(done|review)$/);
  return (await row.getAttribute("data-file")) ?? "";
}

const transactions = (page: Page) => page.locator("[data-row]");
const shown = (page: Page) => page.locator("[data-shown]");

test("from an upload to its transactions, the export and its timeline", async ({ page, server, folder }) => {
  await page.goto(server.address);
  await page.getByRole("link", { name: "Statements" }).click();
  await expect(page.getByRole("heading", { name: "No statements yet" })).toBeVisible();
  const id = await processed(page, server, statement(folder, "january.csv"));

  const row = line(page, "january.csv");
  await expect(row.getByRole("cell").nth(3)).toHaveText("5");
  await expect(row.getByRole("cell").nth(4)).toHaveText("5");
  await expect(row.getByRole("cell").nth(5)).toHaveText("0");
  await expect(row).toContainText("Giro");
  await expect(row).toContainText("5 Jan – 3 Feb 2026");

  await row.getByRole("link", { name: "Transactions of january.csv" }).click();
  await expect(page).toHaveURL(`${server.address}/statements/transactions?file=${id}`);
  await expect(shown(page)).toHaveAttribute("data-shown", "5");
  await expect(shown(page)).toHaveAttribute("data-whole", "true");
  // In the order of the file.
  await expect(transactions(page).first()).toContainText("5 Jan 2026");
  await expect(transactions(page).first()).toContainText("-€12.50");
  await expect(transactions(page).filter({ hasText: "Salary" })).toContainText("+€2,100.00");
  await expect(page.getByText("Transactions from january.csv")).toBeVisible();

  await page.getByLabel("Text", { exact: true }).fill("rewe");
  await expect(shown(page)).toHaveAttribute("data-shown", "2");
  await expect(page).toHaveURL(/[?&]text=rewe/);

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export CSV" }).click(),
  ]);
  const exported = readFileSync(await download.path(), "utf8");
  expect(exported.match(/REWE/g)).toHaveLength(2);
  expect(exported).toContain("-12.50");
  expect(exported).not.toContain("Salary");

  await transactions(page).last().click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("3 Feb 2026");
  await expect(dialog).toContainText("-€7.25");
  await dialog.getByRole("link", { name: "View the file" }).click();
  await expect(page).toHaveURL(`${server.address}/statements/files/${id}`);
  await expect(page.getByRole("heading", { name: "january.csv", level: 1 })).toBeVisible();
  await page.getByRole("tab", { name: "Activity" }).click();
  await expect(page).toHaveURL(`${server.address}/statements/files/${id}?tab=activity`);
  const events = page.locator("[data-event]");
  await expect(events.first()).toHaveAttribute("data-event", "file.uploaded");
  await expect(page.locator('[data-event="file.processed"]')).toBeVisible();
});

test("the address contains the filters of the transactions", async ({ page, server, folder }) => {
  await processed(page, server, statement(folder, "giro.csv"));
  await uploadFiles(page, [statement(folder, "card.csv", [STATEMENT[0] ?? "", "2026-02-10,Bookshop,-20.00,EUR"])], "Card");
  await expect(line(page, "card.csv").locator("[data-state]")).toHaveAttribute("data-state", /^(done|review)$/);

  await page.goto(`${server.address}/statements/transactions?account=Giro&from=2026-02-01&max=-5`);
  await expect(shown(page)).toHaveAttribute("data-shown", "2");
  await expect(page.getByLabel("Account", { exact: true })).toHaveValue("Giro");
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("2026-02-01");
  await expect(page.getByLabel("Max amount")).toHaveValue("-5");

  await page.getByLabel("Account", { exact: true }).selectOption("Card");
  await expect(shown(page)).toHaveAttribute("data-shown", "1");
  await expect(transactions(page)).toContainText("Bookshop");
  await page.getByLabel("To", { exact: true }).fill("2026-02-09");
  await expect(page.getByRole("heading", { name: "No transactions match the filters" })).toBeVisible();
  const address = page.url();
  await page.getByRole("button", { name: "Show all transactions" }).click();
  await expect(shown(page)).toHaveAttribute("data-shown", "6");
  await expect(page).toHaveURL(`${server.address}/statements/transactions`);
  await expect(page.getByLabel("To", { exact: true })).toHaveValue("");

  await page.getByLabel("Min amount").fill("1,000");
  await expect(shown(page)).toHaveAttribute("data-shown", "1");
  await expect(page).toHaveURL(/min=1000$/);
  await page.getByLabel("Min amount").fill("much");
  await expect(page.getByText("Enter an amount such as 12.50")).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(page.getByLabel("Min amount")).toHaveValue("");
  await expect(page).toHaveURL(`${server.address}/statements/transactions`);

  await page.goto(address);
  await expect(page.getByRole("heading", { name: "No transactions match the filters" })).toBeVisible();
});

test("monthly figures follow new files, and link to their transactions", async ({ page, server, folder }) => {
  await processed(page, server, statement(folder, "giro.csv"));
  await page.goto(`${server.address}/statements/transactions`);
  const january = page.locator('[data-month="2026-01"]');
  await expect(january).toContainText("+€2,100.00");
  await expect(january).toContainText("-€12.50");
  await expect(page.locator('[data-month="2026-02"]')).toContainText("-€660.55");
  await january.getByRole("button").click();
  const categories = page.getByRole("region", { name: "Categories for the month" });
  await expect(categories).toContainText("January 2026");
  await categories.getByRole("link").first().click();
  await expect(page).toHaveURL(/from=2026-01-01&to=2026-01-31/);
  await expect(transactions(page).first()).toContainText("Jan 2026");
});

test("the same statement again adds nothing", async ({ page, server, folder }) => {
  await processed(page, server, statement(folder, "first.csv"));
  await processed(page, server, statement(folder, "again.csv"));
  const row = line(page, "again.csv");
  await expect(row.getByRole("cell").nth(4)).toHaveText("0");
  await expect(row.getByRole("cell").nth(5)).toHaveText("5");
  await page.goto(`${server.address}/statements/transactions`);
  await expect(shown(page)).toHaveAttribute("data-shown", "5");
});

test("a file that is not a statement is rejected with the reason", async ({ page, server, folder }) => {
  const letter = path.join(folder, "letter.txt");
  writeFileSync(letter, "Dear customer,\nthis is a letter and no statement.\n");
  await page.goto(`${server.address}/statements/files`);
  await uploadFiles(page, [letter]);
  await expect(line(page, "letter.txt").locator("[data-state]")).toHaveAttribute("data-state", "failed");
  await line(page, "letter.txt").getByRole("link", { name: "letter.txt", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("This file is not a readable statement");
  await expect(page.locator("[data-detail]")).toHaveText("Rejected");
});

test("a file is deleted after a confirmation, with its transactions and figures", async ({ page, server, folder }) => {
  const id = await processed(page, server, statement(folder, "january.csv"));
  const remove = page.getByRole("button", { name: "Delete january.csv" });
  await remove.click();
  const dialog = page.getByRole("dialog", { name: "Delete this file?" });
  await expect(dialog).toContainText("it added 5 transactions");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  await expect(remove).toBeFocused();
  await remove.click();
  await dialog.getByRole("button", { name: "Delete", exact: true }).click();
  const row = page.locator(`[data-file="${id}"]`);
  await expect(dialog).toBeHidden();
  await expect(row.getByRole("link").first()).toBeFocused();
  await expect(row.locator("[data-state]")).toHaveText("Deleted");
  await expect(row).not.toContainText("january.csv");
  await expect(page.getByRole("button", { name: /^Delete/ })).toHaveCount(0);

  await page.goto(`${server.address}/statements/transactions`);
  await expect(page.getByRole("heading", { name: "No transactions yet" })).toBeVisible();
  await page.goto(`${server.address}/statements/files/${id}`);
  await expect(page.getByRole("heading", { name: "Deleted file" })).toBeVisible();
  await page.getByRole("tab", { name: "Activity" }).click();
  await expect(page.locator('[data-event="file.deleted"]')).toBeVisible();
});

test("rows stay under the pointer while new files arrive", async ({ page, server, folder }) => {
  const id = await processed(page, server, statement(folder, "first.csv"));
  const row = page.locator(`[data-file="${id}"]`);
  await row.hover();
  await page.mouse.move(400, ((await row.boundingBox())?.y ?? 0) + 20);
  const before = await row.boundingBox();

  // Another tab uploads one.
  const other = await page.context().newPage();
  await processed(other, server, statement(folder, "second.csv"));
  await other.close();
  await expect(page.locator("[data-shown]")).toContainText("1 new file will appear when you move the pointer off the list", {
    timeout: 30_000,
  });
  expect(await row.boundingBox()).toEqual(before);
  await page.mouse.move(5, 5);
  await expect(line(page, "second.csv")).toBeVisible();
});

test("rules are saved, and mistakes are shown at the field", async ({ page, server }) => {
  await page.goto(`${server.address}/statements/rules`);
  const field = page.getByLabel("Rules as YAML");
  const before = await field.inputValue();
  const save = page.getByRole("button", { name: "Save" });
  await field.fill("- : [");
  await save.click();
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(field).toHaveAccessibleDescription(/.+/);
  await look(page);
  await page.getByRole("button", { name: "Undo changes" }).click();
  await expect(field).toHaveValue(before);
  await field.fill(`${before.trimEnd()}\n# by me\n`);
  await save.click();
  await expect(page.locator("[data-rules]")).toHaveText("Saved.");
  await page.reload();
  await expect(field).toHaveValue(/# by me/);
  // Unsaved changes survive a visit to another page.
  await field.fill(`${before.trimEnd()}\n# by you\n`);
  await page.getByRole("link", { name: "Transactions", exact: true }).click();
  await page.getByRole("link", { name: "Rules", exact: true }).click();
  await expect(field).toHaveValue(/# by you/);
  await expect(page.locator("[data-rules]")).toHaveText("Unsaved changes.");
  await page.getByRole("button", { name: "Undo changes" }).click();
  await expect(field).toHaveValue(/# by me/);
});

test("the list stays while the server does not answer", async ({ page, server, network, folder }) => {
  await processed(page, server, statement(folder, "january.csv"));
  await page.goto(`${network.address}/statements/transactions`);
  await expect(shown(page)).toHaveAttribute("data-shown", "5");
  await page.goto(`${network.address}/statements/files`);
  await expect(line(page, "january.csv")).toBeVisible();
  network.cut();
  await page.evaluate(() => window.dispatchEvent(new Event("visibilitychange")));
  await expect(page.getByText("Not up to date: The server cannot be reached")).toBeVisible({ timeout: 60_000 });
  await expect(line(page, "january.csv")).toBeVisible();
  await look(page);
  network.mend();
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("Not up to date")).toBeHidden();
});

test("with sign-in, storage requests carry no credentials, the export carries the token", async ({ page, cloud, folder }) => {
  await page.goto(`${cloud.address}/statements/files`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Enter" }).click();
  await uploadFiles(page, [statement(folder, "january.csv")], "Giro");
  await expect(line(page, "january.csv").locator("[data-state]")).toHaveAttribute("data-state", /^(done|review)$/);
  expect(cloud.told).toEqual([]);
  await page.getByRole("link", { name: "Transactions", exact: true }).click();
  await expect(shown(page)).toHaveAttribute("data-shown", "5");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Export CSV" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("transactions.csv");
  expect(readFileSync(await download.path(), "utf8")).toContain("Salary January");
});

for (const scheme of ["light", "dark"] as const) {
  for (const size of [
    { name: "wide", width: 1280, height: 900 },
    { name: "small", width: 360, height: 740 },
  ]) {
    test(`no violations on the pages of statements: ${scheme}, ${size.name}`, async ({ page, server, folder }) => {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.setViewportSize(size);
      const fits = async () => {
        await look(page);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(overflow).toBeLessThanOrEqual(0);
      };
      for (const [address, empty] of [
        ["statements/files", "No statements yet"],
        ["statements/transactions", "No transactions yet"],
        ["failed-items", "No failed items"],
        ["statements/files/0f", "File not found"],
      ]) {
        await page.goto(`${server.address}/${address}`);
        await expect(page.getByRole("heading", { name: empty ?? "" })).toBeVisible();
        await fits();
      }
      const id = await processed(page, server, statement(folder, "a statement with a long name of a bank 2026-01.csv"));
      await fits();
      await page.getByRole("button", { name: /^Delete a statement/ }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      await fits();
      await page.goto(`${server.address}/statements/files/${id}`);
      await expect(page.getByRole("table")).toBeVisible();
      await fits();
      await page.getByRole("tab", { name: "Problems" }).click();
      await fits();
      await page.getByRole("tab", { name: "Activity" }).click();
      await expect(page.locator("[data-event]").first()).toBeVisible();
      await fits();
      await page.goto(`${server.address}/statements/transactions?file=${id}&text=rewe`);
      await expect(shown(page)).toHaveAttribute("data-shown", "2");
      await fits();
      await transactions(page).first().press("Enter");
      await expect(page.getByRole("dialog")).toBeVisible();
      await fits();
      await page.goto(`${server.address}/statements/rules`);
      await expect(page.getByLabel("Rules as YAML")).toBeVisible();
      await fits();
    });
  }
}
