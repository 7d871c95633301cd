import { expect, test } from "@playwright/test";

import { Samples } from "./support/files.ts";
import { chance, Person } from "./support/people.ts";
import type { Frame, Socket } from "./support/socket.ts";

const NOBODY = "0".repeat(32);

let [owner, stranger] = [undefined, undefined] as unknown as [Person, Person];
let [session, upload, match] = ["", "", ""];

test.beforeAll(async () => {
  [owner, stranger] = await Promise.all([Person.of(`t-${chance()}`), Person.of(`t-${chance()}`)]);
  const samples = Samples.make(5, 3);
  upload = await owner.upload(samples.files);
  const socket = await owner.connect();
  socket.send({ action: "start_scan", request_id: chance(), upload_id: upload, target_hole_codes: samples.key.codes });
  session = (await socket.type("COMPLETE")).session_id ?? "";
  match = socket.of("MATCH_FOUND")[0]?.match_id ?? "";
  await socket.close();
});

/** The addresses of the owner's data, by its ids. */
const routes = (session: string, upload: string): [string, string, object?][] => [
  ["GET", `/api/scans/${session}`],
  ["GET", `/api/scans/${session}/matches`],
  ["GET", `/api/scans/${session}/failures`],
  ["GET", `/api/scans/${session}/codes`],
  ["GET", `/api/scans/${session}/matches/${match}/evidence`],
  ["GET", `/api/scans/${session}/files/0/pages/1.png`],
  ["POST", `/api/scans/${session}/report/link`],
  ["POST", `/api/scans/${session}/files/0/link`],
  ["DELETE", `/api/scans/${session}`],
  ["GET", `/api/uploads/${upload}`],
  ["POST", `/api/uploads/${upload}/files`, { first: 0, files: [{ name: "a.txt", size: 1 }] }],
  ["POST", `/api/uploads/${upload}/files/0/complete`, { parts: [{ number: 1, etag: '"a"' }] }],
];

test("over HTTP, another tenant gets the same answers as for ids that do not exist", async () => {
  for (const [at, [method, route, body]] of routes(session, upload).entries()) {
    const [, nowhere = "", nothing] = routes(NOBODY, NOBODY)[at] ?? [];
    const theirs = await stranger.ask(method, route, body);
    const none = await stranger.ask(method, nowhere, nothing);
    expect(theirs.status, `${method} ${route}`).toBe(404);
    expect(await theirs.text()).toBe(await none.text());
  }
  expect(await stranger.json("GET", "/api/scans")).toMatchObject({ scans: [] });
  expect(await owner.json("GET", "/api/scans")).toMatchObject({ scans: [{ session_id: session }] });
});

test("requests without a valid token are refused", async () => {
  for (const [method, route, body] of routes(session, upload)) {
    for (const token of ["", "Bearer nonsense", `Bearer ${forged(owner.token)}`]) {
      const answer = await owner.askAs(token, method, route, body);
      expect(answer.status, `${method} ${route} with "${token.slice(0, 20)}"`).toBe(401);
    }
  }
});

test("on the WebSocket, another tenant gets the same answers as for ids that do not exist", async () => {
  const socket = await stranger.connect();
  const asked = [
    (id: string) => ({ action: "resume", session_id: id }),
    (id: string) => ({ action: "cancel_scan", session_id: id }),
    (id: string) => ({ action: "renew_token", session_id: id, token: "a" }),
    (id: string) => ({ action: "start_scan", request_id: chance(), retry_of: id }),
  ];
  for (const ask of asked) {
    const theirs = await answered(socket, ask(session));
    const none = await answered(socket, ask(NOBODY));
    expect(theirs.type).toBe("ERROR");
    expect([theirs.code, said(theirs, session)]).toEqual([none.code, said(none, NOBODY)]);
  }
  const codes = { target_hole_codes: ["HOLE-1"] };
  const start = (id: string) => ({ action: "start_scan", request_id: chance(), upload_id: id, ...codes });
  const theirs = await answered(socket, start(upload));
  const none = await answered(socket, start(NOBODY));
  expect(theirs.type).toBe("ERROR");
  expect([theirs.code, said(theirs, upload)]).toEqual([none.code, said(none, NOBODY)]);
  await socket.close();
});

test("a ticket opens one socket", async () => {
  const { ticket } = await owner.json<{ ticket: string }>("POST", "/api/tickets");
  const socket = await owner.connectWith(ticket);
  await expect(owner.connectWith(ticket)).rejects.toThrow(/40[13]/);
  await expect(owner.connectWith(NOBODY)).rejects.toThrow(/40[13]/);
  await socket.close();
});

async function answered(socket: Socket, action: object) {
  const before = socket.frames.length;
  socket.send(action);
  return socket.until("an answer", () => true, 20_000, before);
}

const said = (frame: Frame, id: string) => String(frame.message).replaceAll(id, "ID");

/** Returns a token with another tenant in its claims and the original signature. */
function forged(token: string): string {
  const [head, claims = "", signature] = token.split(".");
  const said = JSON.parse(Buffer.from(claims, "base64url").toString()) as object;
  const other = Buffer.from(JSON.stringify({ ...said, "custom:tenant": "other" })).toString("base64url");
  return [head, other, signature].join(".");
}
