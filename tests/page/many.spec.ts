// Fifty thousand matches.

import { expect, expectServerState, scanFiftyThousand, shown, test } from "./support/test.ts";

test("fifty thousand matches are listed, filtered, sorted and scrolled", async ({ page, server, folder }) => {
  await scanFiftyThousand(page, server, folder);
  await expectServerState(page, server);

  const rows = page.getByRole("row");
  expect(await rows.count()).toBeLessThan(80);
  await page.getByLabel("Filter matches").fill("HC-4999");
  // 4999, and 49990 to 49999.
  await expect(page.locator("[data-shown]")).toHaveAttribute("data-shown", "11");
  await page.getByRole("button", { name: "Code", exact: true }).click();
  await expect(page.locator("[data-row]").first()).toContainText("HC-4999");
  await page.getByRole("button", { name: "Code", exact: true }).click();
  await expect(page.locator("[data-row]").first()).toContainText("HC-49999");
  await page.getByLabel("Filter matches").fill("");
  await expect.poll(() => shown(page)).toBe(50_000);
  await expect(page.locator("[data-row]").first()).toContainText("HC-50000");

  // To the end by keyboard.
  await page.locator("[data-row]").first().focus();
  await page.keyboard.press("End");
  await expect(page.locator('[data-row][tabindex="0"]')).toContainText("HC-1");
  await expect(page.locator('[data-row][tabindex="0"]')).toBeFocused();
});
