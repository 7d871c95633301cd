// Access: with the address that `riffle serve` prints, and not from pages of other origins.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

import { expect, look, test } from "./support/test.ts";
import { Server } from "./support/server.ts";

test("the printed address opens the page, and the browser is remembered", async ({ page, context, folder }) => {
  const state = path.join(folder, "state");
  const server = await Server.guarded(state);
  const token = new URL(server.printed).hash.slice("#token=".length);
  expect(token).toMatch(/^[0-9a-f]{32}$/);

  // Without the token, the page asks for it.
  await page.goto(server.address);
  await expect(page.getByLabel("Token")).toBeFocused();
  await look(page);
  await page.getByLabel("Token").fill("not the token");
  await page.getByRole("button", { name: "Open" }).click();
  await expect(page.getByRole("alert")).toHaveText("This token is wrong.");
  await page.getByLabel("Token").fill(token);
  await page.getByLabel("Token").press("Enter");
  await expect(page.getByRole("button", { name: "Start scan" })).toBeVisible();

  // With the token, the page opens at once, and the token does not stay in the address.
  for (const remembered of [false, true]) {
    if (!remembered) await context.clearCookies();
    await page.goto("about:blank");
    await page.goto(server.printed);
    await expect(page.getByRole("button", { name: "Start scan" })).toBeVisible();
    await expect(page).toHaveURL(`${server.address}/`);
  }
  // The address is pasted while the page is open.
  await page.goto(server.printed);
  await expect(page).toHaveURL(`${server.address}/`);
  const cookies = await context.cookies();
  expect(cookies).toHaveLength(1);
  expect(cookies[0]).toMatchObject({ httpOnly: true, sameSite: "Strict" });
  expect(cookies[0]?.value).not.toContain(token);

  // The next server with this state folder recognises the browser.
  await server.stop();
  const again = await Server.guarded(state, [], server.port);
  await page.goto(again.address);
  await expect(page.getByRole("button", { name: "Start scan" })).toBeVisible();
  await again.stop();
});

test("a page of another origin learns nothing, even in a browser with the cookie", async ({ page, folder }) => {
  const server = await Server.guarded(path.join(folder, "state"));
  await page.goto(server.printed);
  await expect(page.getByRole("button", { name: "Start scan" })).toBeVisible();

  // Another port is another origin of the same site, to which the browser sends its cookies.
  const elsewhere = createServer((_, answer) => {
    const page = `<!doctype html><title>elsewhere</title><a href="${server.address}/">to the page</a>`;
    answer.setHeader("content-type", "text/html").end(page);
  }).listen(0, "127.0.0.1");
  await once(elsewhere, "listening");
  const { port } = elsewhere.address() as AddressInfo;
  await page.goto(`http://127.0.0.1:${port}/`);
  const learned = await page.evaluate(async (there) => {
    const all: Record<string, string> = {};
    const note = async (name: string, attempt: Promise<string>) => {
      all[name] = await attempt.catch((error: Error) => `nothing: ${error.name}`);
    };
    const credentials = "include";
    for (const route of ["/", "/api/config", "/api/folders", "/api/scans", "/icon.svg"]) {
      await note(`read ${route}`, fetch(there + route, { credentials }).then((answer) => answer.text()));
      // The content of an opaque answer cannot be read, but its existence could be distinguished from an error.
      const opaque = fetch(there + route, { mode: "no-cors", credentials }).then((answer) => answer.type);
      await note(`ask ${route}`, opaque);
    }
    const post = fetch(`${there}/api/uploads`, { method: "POST", mode: "no-cors", credentials, body: "{}" });
    await note("send", post.then((answer) => answer.type));
    const load = (tag: "img" | "script" | "iframe", route: string) =>
      new Promise<string>((resolve, reject) => {
        const element = document.createElement(tag);
        element.onload = () => {
          const shown = tag === "iframe" ? (element as HTMLIFrameElement).contentDocument : undefined;
          resolve(shown === undefined ? "loaded" : (shown?.title ?? "nothing: another origin"));
        };
        element.onerror = () => reject(new Error("it was not loaded"));
        element.src = there + route;
        document.body.append(element);
      });
    await note("picture", load("img", "/icon.svg"));
    await note("script", load("script", "/login.js"));
    await note("frame", load("iframe", "/"));
    const socket = new Promise<string>((resolve, reject) => {
      const opened = new WebSocket(`${there.replace("http", "ws")}/ws`);
      opened.onopen = () => resolve("open");
      opened.onerror = () => reject(new Error("it was not opened"));
    });
    await note("socket", socket);
    return all;
  }, server.address);
  for (const [what, got] of Object.entries(learned)) expect(got, what).toMatch(/^nothing/);

  // A user can still follow a link.
  await page.getByRole("link", { name: "to the page" }).click();
  await expect(page.getByRole("button", { name: "Start scan" })).toBeVisible();
  elsewhere.close();
  await server.stop();
});
