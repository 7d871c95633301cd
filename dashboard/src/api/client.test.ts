import { afterEach, expect, it, vi } from "vitest";

import { ApiError, get, post, type Voucher, vouch } from "./client.ts";

const answered = (status: number, body: unknown = {}, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

function server(...statuses: number[]) {
  const heard: (string | null)[] = [];
  const fetched = vi.fn(async (_: string, init: RequestInit) => {
    heard.push(new Headers(init.headers).get("authorization"));
    return answered(statuses.shift() ?? 200, { status: 401, title: "t", detail: "d" });
  });
  vi.stubGlobal("fetch", fetched);
  return { heard, fetched };
}

class Tokens implements Voucher {
  at = 1;
  readonly told: [string, boolean][] = [];
  async token() {
    return `token-${this.at}`;
  }
  async refused(token: string, final: boolean) {
    this.told.push([token, final]);
    this.at += 1;
  }
}

afterEach(() => {
  vouch(null);
  vi.unstubAllGlobals();
});

it("without sign-in, requests carry no token", async () => {
  const { heard } = server(401);
  await expect(get("/api/scans")).rejects.toMatchObject({ status: 401, message: "d" });
  expect(heard).toEqual([null]);
});

it("every request carries the token", async () => {
  const { heard, fetched } = server();
  vouch(new Tokens());
  await get("/api/scans");
  await post("/api/tickets", {});
  expect(heard).toEqual(["Bearer token-1", "Bearer token-1"]);
  expect(new Headers(fetched.mock.calls[1]?.[1].headers).get("content-type")).toBe("application/json");
});

it("a refused token is replaced, and the second refusal is final", async () => {
  const { heard } = server(401, 401, 200);
  const tokens = new Tokens();
  vouch(tokens);
  await get("/api/scans");
  expect(heard).toEqual(["Bearer token-1", "Bearer token-2", "Bearer token-3"]);
  expect(tokens.told).toEqual([
    ["token-1", false],
    ["token-2", true],
  ]);
});

it("a request without an available token may succeed later", async () => {
  server();
  const tokens = new Tokens();
  tokens.token = () => Promise.reject(new Error("no connection"));
  vouch(tokens);
  const error = await get("/api/scans").catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ApiError);
  expect((error as ApiError).passes).toBe(true);
});

it.each([429, 503])("status %d of a gateway gets a message and may be retried", async (status) => {
  vi.stubGlobal("fetch", async () => answered(status, { message: "Too Many Requests" }));
  const message = "The server is busy. Try again in a moment.";
  await expect(get("/api/scans")).rejects.toMatchObject({ status, message, passes: true });
});

it.each([
  ["30", true],
  ["7200", false],
])("a quota that refuses for %s s may be retried: %s", async (after, passes) => {
  const quota = { title: "Quota exceeded", detail: "Try again later.", status: 429 };
  vi.stubGlobal("fetch", async () => answered(429, quota, { "retry-after": after }));
  await expect(get("/api/scans")).rejects.toMatchObject({ message: "Try again later.", passes });
});
