import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, type Page, test, type WebSocketRoute } from "@playwright/test";

import { place, Samples } from "./support/files.ts";
import { chance, Person } from "./support/people.ts";
import { Report } from "./support/report.ts";
import { outputs } from "./support/stack.ts";

/** The network path to the WebSocket API, which can be cut. */
class Network {
  private readonly open = new Set<WebSocketRoute>();
  private up = true;

  static async of(page: Page): Promise<Network> {
    const network = new Network();
    await page.routeWebSocket(/\/_aws\/execute-api\//, async (socket) => {
      if (!network.up) {
        await socket.close({ code: 1013 });
        return;
      }
      socket.connectToServer();
      network.open.add(socket);
    });
    return network;
  }

  async cut(): Promise<void> {
    this.up = false;
    for (const socket of this.open) await socket.close({ code: 1013 });
    this.open.clear();
  }

  mend(): void {
    this.up = true;
  }
}

/** Returns the state badge of the shown scan. */
function state(page: Page) {
  return page.getByRole("main").locator("[data-state]");
}

async function signIn(page: Page, { email, password }: Person): Promise<void> {
  await page.goto(outputs.PageUrl);
  await page.getByRole("button", { name: "Sign in" }).click();
  // Cognito's sign-in page, as the emulator provides it.
  await page.getByLabel("Username").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`${outputs.PageUrl}/`);
}

test("the page works with the content security policy that it is served with", async ({ page }) => {
  const refused: string[] = [];
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) refused.push(message.text());
  });
  const person = await Person.of(`t-${chance()}`);
  await signIn(page, person);
  await page.getByRole("tab", { name: "Upload files" }).click();
  await page
    .getByLabel("Files", { exact: true })
    .setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("HC-77 is here\n") });
  await page.getByLabel("Codes", { exact: true }).fill("HC-77");
  await page.getByRole("button", { name: "Start scan" }).click();
  await expect(state(page)).toHaveText("Done", { timeout: 60_000 });
  await expect(page.locator("[data-shown]")).toHaveAttribute("data-shown", "1");
  expect(refused).toEqual([]);
});

test("a user signs in, uploads, watches, loses the network, reconnects and downloads the report", async ({
  page,
}, info) => {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  const samples = Samples.make(300, 9);
  const folder = info.outputPath("drawings");
  for (const { name, content } of samples.files) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  const person = await Person.of(`t-${chance()}`);
  const network = await Network.of(page);
  await signIn(page, person);

  await page.getByRole("tab", { name: "Upload files" }).click();
  await page.getByLabel("Folder", { exact: true }).setInputFiles(folder);
  await expect(page.getByText("300 files,")).toBeVisible();
  await page.getByLabel("Codes", { exact: true }).fill(samples.key.codes.join("\n"));
  await page.getByRole("button", { name: "Start scan" }).click();
  await expect(page).toHaveURL(/\/scans\/[0-9a-f]{32}$/, { timeout: 60_000 });
  const shown = page.locator("[data-shown]");
  await expect(shown).not.toHaveAttribute("data-shown", "0", { timeout: 60_000 });

  const connection = page.getByRole("status", { name: "Connection" });
  await network.cut();
  await expect(connection).toContainText("Connection lost");
  // The button exists only while the page waits; once the network is back, the page may reconnect by itself first.
  await page.getByRole("button", { name: "Retry now" }).click();
  network.mend();
  await expect(page.locator('[data-connection="live"], [data-connection="over"]')).toBeVisible();

  await expect(state(page)).toHaveText("Done", { timeout: 120_000 });
  const session = /[0-9a-f]{32}$/.exec(page.url())?.[0] ?? "";
  const { matches } = await person.session(session);
  await expect(shown).toHaveAttribute("data-shown", String(matches));

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download report" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(`riffle-${session}.xlsx`);
  const bytes = readFileSync(await download.path());
  const listed = Report.read(new Uint8Array(bytes).buffer).table("Matches");
  expect(listed.length).toBe(matches);
  // On the page, file names start with the chosen folder.
  const places = listed.map((row) =>
    place((row.File ?? "").replace(/^drawings\//, ""), row.Code ?? "", row.Place ?? ""),
  );
  expect([...new Set(places)].sort()).toEqual(samples.places);
  expect(errors).toEqual([]);
});
