import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { vouch } from "../api/client.ts";
import type { Config, SendBy } from "../contracts.ts";
import { type Progress, upload } from "./upload.ts";

const BUCKET = "https://bucket.s3.eu-central-1.amazonaws.com";
const PART = 4;
const LIMITS: Config["limits"] = {
  codes: 1,
  codes_file_bytes: 1,
  upload_files: 10,
  upload_file_bytes: 1_000,
  upload_batch: 10,
  part_bytes: PART,
};

interface Sent {
  method: string;
  url: string;
  body: FormData | Blob;
  headers: string[];
  cookies: boolean;
}

/** A bucket of another origin, with answers set by the test. */
let bucket: (sent: Sent) => { status: number; body?: string; etag?: string | null };
const sent: Sent[] = [];

class FakeRequest {
  status = 0;
  responseText = "";
  withCredentials = true;
  upload = { onprogress: (_: { loaded: number }) => {} };
  onloadend = () => {};
  private etag: string | null = null;
  private readonly headers: string[] = [];
  private at = { method: "", url: "" };

  open(method: string, url: string) {
    this.at = { method, url };
  }
  setRequestHeader(name: string) {
    this.headers.push(name);
  }
  getResponseHeader() {
    return this.etag;
  }
  abort() {}
  send(body: FormData | Blob) {
    const one = { ...this.at, body, headers: this.headers, cookies: this.withCredentials };
    sent.push(one);
    const { status, body: text = "", etag = null } = bucket(one);
    Object.assign(this, { status, responseText: text, etag });
    queueMicrotask(() => this.onloadend());
  }
}

/** The API, which returns different links each time. */
function api() {
  const asked: { path: string; body: unknown; token: string | null }[] = [];
  let declared = 0;
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    const body = JSON.parse(String(init.body));
    asked.push({ path, body, token: new Headers(init.headers).get("authorization") });
    if (path === "/api/uploads") return Response.json({ upload_id: "u" });
    if (path.endsWith("/complete")) return new Response(null, { status: 204 });
    declared += 1;
    const files = body.files.map(({ size }: { size: number }, number: number) => ({ number, upload: way(size) }));
    return Response.json({ files });
  });
  const way = (size: number): SendBy =>
    size <= PART
      ? { kind: "single", method: "POST", url: `${BUCKET}/`, fields: { key: "k", policy: `p${declared}` } }
      : {
          kind: "parts",
          part_bytes: PART,
          parts: Array.from({ length: Math.ceil(size / PART) }, (_, at) => ({
            number: at + 1,
            url: `${BUCKET}/k?part=${at + 1}&declared=${declared}`,
          })),
        };
  return asked;
}

async function run(...texts: string[]) {
  const told: Progress[] = [];
  const files = texts.map((text, at) => ({ name: `f${at}`, file: new File([text], `f${at}`) }));
  const done = upload(files, LIMITS, (progress) => told.push(progress), new AbortController().signal);
  const settled = done.then(
    (id) => ({ id, why: null }),
    (error: Error) => ({ id: null, why: error.message }),
  );
  await vi.runAllTimersAsync();
  return { ...(await settled), told };
}

const refusal = (code: string) => `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>m</Message></Error>`;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("XMLHttpRequest", FakeRequest);
  vouch({ token: async () => "id-token", refused: async () => {} });
  bucket = () => ({ status: 204, etag: '"e"' });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vouch(null);
  sent.length = 0;
});

it("sends no credentials to a storage of another origin", async () => {
  const asked = api();
  expect(await run("abc", "abcdefghij")).toMatchObject({ id: "u" });
  expect(sent).toHaveLength(4);
  for (const { headers, cookies, url } of sent) {
    expect({ headers, cookies }).toEqual({ headers: [], cookies: false });
    expect(url.startsWith(BUCKET)).toBe(true);
  }
  expect(asked.every(({ token }) => token === "Bearer id-token")).toBe(true);
});

it("puts the file after the fields, as S3 requires", async () => {
  api();
  await run("abc");
  const form = sent[0]?.body as FormData;
  expect([...form.keys()]).toEqual(["key", "policy", "file"]);
});

it("completes parts with the ETags of the storage", async () => {
  const asked = api();
  bucket = ({ url }) => ({ status: 200, etag: `"${new URL(url).searchParams.get("part")}"` });
  const { told } = await run("abcdefghij");
  expect(asked.at(-1)?.body).toEqual({
    parts: [
      { number: 1, etag: '"1"' },
      { number: 2, etag: '"2"' },
      { number: 3, etag: '"3"' },
    ],
  });
  expect(told.at(-1)).toEqual({ files: 1, filesDone: 1, bytes: 10, bytesDone: 10 });
});

describe("a failed upload", () => {
  it.each([
    [403, "AccessDenied"],
    [400, "ExpiredToken"],
    [400, "RequestTimeout"],
    [503, "SlowDown"],
    [0, ""],
  ])("is repeated with new links if that may help: %d %s", async (status, code) => {
    api();
    let failing = 1;
    bucket = ({ url }) =>
      url.includes("part=2") && failing-- > 0 ? { status, body: refusal(code) } : { status: 200, etag: '"e"' };
    expect(await run("abcdefghij")).toMatchObject({ id: "u" });
    expect(sent.map(({ url }) => url.slice(url.indexOf("?")))).toEqual([
      "?part=1&declared=1",
      "?part=2&declared=1",
      "?part=2&declared=2",
      "?part=3&declared=2",
    ]);
  });

  it.each([
    [400, refusal("EntityTooLarge"), /larger than when you chose it/],
    [404, refusal("NoSuchUpload"), /Choose the files again/],
    [400, refusal("InvalidArgument"), /400, InvalidArgument/],
    [418, "<html>", /\(418\)/],
  ])("gets a message if it is permanent: %d %s", async (status, body, words) => {
    api();
    bucket = () => ({ status, body });
    expect((await run("abc")).why).toMatch(words);
    expect(sent).toHaveLength(1);
  });

  it("is reported after the last attempt", async () => {
    api();
    bucket = () => ({ status: 503, body: refusal("SlowDown") });
    expect((await run("abc")).why).toMatch(/busy/);
    expect(sent).toHaveLength(6);
  });

  it("includes a part without an ETag, which CORS may hide", async () => {
    api();
    bucket = () => ({ status: 200, etag: null });
    expect((await run("abcdefghij")).why).toMatch(/expose the ETag header/);
  });
});
