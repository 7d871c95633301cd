import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type { NewFile } from "../../contracts.ts";
import { missing } from "./polling.ts";
import { Sending, type View } from "./sending.ts";

interface Sent {
  url: string;
  body: FormData;
}

const announced: NewFile[] = [];
const sent: Sent[] = [];
/** The answers of the API and the storage, set by the test. */
let api: (file: NewFile) => Response;
let storage: (sent: Sent) => number;
/** Requests that the test answers later; `null`: they are answered at once. */
let pending: (() => void)[] | null = null;

class FakeRequest {
  status = 0;
  responseText = "";
  withCredentials = true;
  upload = { onprogress: (_: { loaded: number }) => {} };
  onloadend = () => {};
  private url = "";
  open(_: string, url: string) {
    this.url = url;
  }
  getResponseHeader() {
    return null;
  }
  abort() {
    this.onloadend();
  }
  send(body: FormData) {
    sent.push({ url: this.url, body });
    const answer = () => {
      this.status = storage({ url: this.url, body });
      this.onloadend();
    };
    this.upload.onprogress({ loaded: 2 });
    if (pending) pending.push(answer);
    else queueMicrotask(answer);
  }
}

const chosen = (...names: string[]) => names.map((name) => ({ name, file: new File(["abcd"], name) }));

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("XMLHttpRequest", FakeRequest);
  vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
    const file: NewFile = JSON.parse(String(init.body));
    announced.push(file);
    return api(file);
  });
  api = ({ name }) => Response.json({ url: `/storage/${name}`, fields: { key: `k-${name}` } });
  storage = () => 204;
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  announced.length = 0;
  sent.length = 0;
  pending = null;
});

it("sends each file with its own form, fields first", async () => {
  const sending = new Sending();
  sending.add(chosen("a.csv", "b.csv"), "Giro", []);
  await vi.runAllTimersAsync();
  expect(announced).toEqual([
    { name: "a.csv", size: 4, account: "Giro" },
    { name: "b.csv", size: 4, account: "Giro" },
  ]);
  expect(sent.map(({ url, body }) => [url, ...body.keys()])).toEqual([
    ["/storage/a.csv", "key", "file"],
    ["/storage/b.csv", "key", "file"],
  ]);
  expect(sending.snapshot()).toMatchObject({ busy: false, files: 2, filesDone: 2, bytes: 8, bytesDone: 8, lost: [] });
});

it("sends no account if none was given", async () => {
  new Sending().add(chosen("a.csv"), "", []);
  await vi.runAllTimersAsync();
  expect(announced).toEqual([{ name: "a.csv", size: 4 }]);
});

it("reports progress during the upload of a file, and never too much", async () => {
  pending = [];
  const sending = new Sending();
  const told: View[] = [];
  sending.subscribe(() => told.push(sending.snapshot()));
  sending.add(chosen("a.csv"), "", []);
  await vi.runAllTimersAsync();
  expect(sending.snapshot()).toMatchObject({ busy: true, bytesDone: 2, filesDone: 0 });
  sending.add(chosen("b.csv"), "", []);
  await vi.runAllTimersAsync();
  expect(sending.snapshot()).toMatchObject({ files: 2, bytes: 8, bytesDone: 4 });
  for (const answer of pending) answer();
  await vi.runAllTimersAsync();
  expect(sending.snapshot()).toMatchObject({ busy: false, filesDone: 2, bytesDone: 8 });
  expect(told.every(({ bytes, bytesDone }) => bytesDone <= bytes)).toBe(true);
});

it("a refused file does not stop the others, and is reported with the reason", async () => {
  api = ({ name }) =>
    name === "b.csv"
      ? Response.json(
          { type: "about:blank", title: "Too large", status: 422, detail: "At most 1 GB." },
          { status: 422 },
        )
      : Response.json({ url: "/storage", fields: {} });
  const sending = new Sending();
  sending.add(chosen("a.csv", "b.csv", "c.csv"), "Giro", []);
  await vi.runAllTimersAsync();
  expect(sending.snapshot()).toMatchObject({ busy: false, filesDone: 2, bytesDone: 8 });
  expect(sending.snapshot().lost).toMatchObject([{ chosen: { name: "b.csv" }, why: "At most 1 GB." }]);

  api = () => Response.json({ url: "/storage", fields: {} });
  sending.again([]);
  await vi.runAllTimersAsync();
  expect(sending.snapshot()).toMatchObject({ files: 1, filesDone: 1, lost: [] });
  expect(announced.at(-1)).toEqual({ name: "b.csv", size: 4, account: "Giro" });
});

it("after a temporary failure a file is sent again, with another form", async () => {
  let failing = 2;
  storage = () => (failing-- > 0 ? 503 : 204);
  const sending = new Sending();
  sending.add(chosen("a.csv"), "", []);
  await vi.runAllTimersAsync();
  expect(announced).toHaveLength(3);
  expect(sending.snapshot()).toMatchObject({ filesDone: 1, bytesDone: 4, lost: [] });
});

it("stops at once, and reports no file as failed", async () => {
  pending = [];
  const sending = new Sending();
  sending.add(chosen("a.csv", "b.csv", "c.csv", "d.csv", "e.csv"), "", []);
  await vi.advanceTimersByTimeAsync(0);
  sending.stop();
  await vi.advanceTimersByTimeAsync(0);
  expect(sending.snapshot()).toMatchObject({ busy: false, filesDone: 0, bytesDone: 0, lost: [] });
  expect(announced).toHaveLength(4);
});

it("knows the sent files that are not listed yet", async () => {
  const sending = new Sending(() => 5_000);
  sending.add(chosen("a.csv"), "", ["old"]);
  await vi.runAllTimersAsync();
  sending.add(chosen("b.csv"), "", ["old"]);
  await vi.runAllTimersAsync();
  const due = (...ids: string[]) =>
    missing(
      ids.map((id) => ({ id })),
      sending.snapshot().expected,
      5_001,
    );
  expect(due("old")).toBe(2);
  expect(due("new", "old")).toBe(1);
  expect(due("newer", "new", "old")).toBe(0);
});
