// Failed items of all flows.

import { expect, look, test } from "./support/test.ts";

test("without failed items the page says so", async ({ page, server }) => {
  await page.goto(`${server.address}/failed-items`);
  await expect(page.getByRole("heading", { name: "No failed items" })).toBeVisible();
  await expect(page.getByRole("button", { name: /Retry/ })).toHaveCount(0);
});

test("failed items are retried, and the result is shown", async ({ page, server }) => {
  // Failures cannot be caused from outside, so that the answers of the API are stubbed.
  const letter = (id: string, reason: string | null) => ({
    id,
    flow: "statements",
    stage: "file-processor-consumer",
    event_type: "file.uploaded",
    subject: "0f",
    subject_name: `${id}.csv`,
    sent_at: "2026-02-03T10:00:00Z",
    reason,
  });
  let letters = [letter("one", "The table was busy."), letter("two", null), letter("three", null)];
  const asked: unknown[] = [];
  await page.route("**/api/dead-letters", (route) => route.fulfill({ json: { letters, more: false } }));
  await page.route("**/api/dead-letters/redrive", (route) => {
    const { ids } = route.request().postDataJSON() as { ids?: string[] };
    asked.push(ids ?? null);
    const left = letters.filter(({ id }) => ids && !ids.includes(id));
    const count = letters.length - left.length;
    letters = left;
    return route.fulfill({ json: { count } });
  });
  await page.goto(`${server.address}/failed-items`);
  await expect(page.locator('[data-item="one"]')).toContainText("The table was busy.");
  await expect(page.locator('[data-item="one"]')).toContainText("file.uploaded");
  await expect(page.getByRole("button", { name: "Retry selected" })).toBeDisabled();
  await page.getByRole("button", { name: "Retry one.csv in Reading" }).click();
  await expect(page.locator("[data-answer]")).toHaveText("1 item sent for retry.");
  await expect(page.locator("[data-item]")).toHaveCount(2);

  await page.getByLabel("Select all").check();
  letters = letters.slice(0, 1);
  await page.getByRole("button", { name: "Retry selected (2)" }).click();
  await expect(page.locator("[data-answer]")).toHaveText("1 item sent for retry; 1 item no longer in the list.");
  await expect(page.getByRole("heading", { name: "No failed items" })).toBeVisible();
  letters = [letter("four", null)];
  await page.reload();
  await page.getByRole("button", { name: "Retry all" }).click();
  await expect(page.locator("[data-answer]")).toHaveText("1 item sent for retry.");
  expect(asked).toEqual([["one"], ["two", "three"], null]);
});

test("failed items are listed and retried by flow", async ({ page, server }) => {
  const item = (id: string, flow: string, stage: string) => ({
    id,
    flow,
    stage,
    event_type: null,
    subject: id,
    subject_name: null,
    sent_at: "2026-02-03T10:00:00Z",
    reason: null,
  });
  const items = [item("a scan", "scan", "scan-worker"), item("a file", "statements", "audit-consumer")];
  const asked: unknown[] = [];
  await page.route("**/api/dead-letters{,?*}", (route) => {
    const flow = new URL(route.request().url()).searchParams.get("flow");
    return route.fulfill({ json: { letters: items.filter((each) => flow === null || each.flow === flow), more: false } });
  });
  await page.route("**/api/dead-letters/redrive", (route) => {
    asked.push(route.request().postDataJSON());
    return route.fulfill({ json: { count: 1 } });
  });
  await page.goto(server.address);
  await page.getByRole("link", { name: "Failed items" }).click();
  await expect(page.locator("[data-item]")).toHaveCount(2);
  const scan = page.locator('[data-item="a scan"]');
  await expect(scan).toContainText("Reading");
  await expect(scan.getByRole("link", { name: "Unnamed scan" })).toHaveAttribute("href", "/scans/a scan");
  await look(page);

  await page.getByText("Scans", { exact: true }).last().click();
  await expect(page).toHaveURL(`${server.address}/failed-items?flow=scan`);
  await expect(page.locator("[data-item]")).toHaveCount(1);
  await expect(scan).toBeVisible();
  await page.getByRole("button", { name: "Retry all" }).click();
  await expect(page.locator("[data-answer]")).toHaveText("1 item sent for retry.");
  expect(asked).toEqual([{ flow: "scan" }]);

  await page.goto(`${server.address}/failed-items?flow=statements`);
  await expect(page.locator('[data-item="a file"]')).toContainText("Activity");
  await expect(page.locator("[data-item]")).toHaveCount(1);
});
