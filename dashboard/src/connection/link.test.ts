import { expect, it } from "vitest";

import { settled, Time } from "../testing/world.ts";
import { Link, type Socket, TIMING } from "./link.ts";

const HOUR = 3_600_000;

/** A socket that the test opens and closes. */
class Manual implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;

  send(): void {}

  close(): void {
    this.closed = true;
  }
}

function made() {
  const time = new Time();
  const sockets: Manual[] = [];
  const seen: string[] = [];
  const link = new Link(
    {
      open: async () => {
        const socket = new Manual();
        sockets.push(socket);
        return socket;
      },
      now: () => time.read(),
      after: (milliseconds, call) => time.after(milliseconds, call),
      random: () => 0,
    },
    { opened: () => {}, received: () => {}, changed: ({ kind }) => seen.push(kind) },
    TIMING,
  );
  const socket = (at: number): Manual => {
    const found = sockets[at];
    if (!found) throw new Error(`there is no socket ${at}`);
    return found;
  };
  return { time, sockets, socket, seen, link };
}

/** A live link whose replacement socket has been created but is not open. */
async function aged() {
  const world = made();
  world.link.start();
  await settled();
  world.socket(0).onopen?.();
  while (world.sockets.length < 2) {
    // A message keeps the socket from being considered dead.
    world.socket(0).onmessage?.({ data: "{}" });
    expect(await world.time.step(world.time.read() + HOUR)).toBe(true);
  }
  return world;
}

it("a planned change is not announced, however long the next socket takes", async () => {
  const { socket, seen } = await aged();
  expect(seen).toEqual(["connecting", "live"]);
  socket(0).onclose?.();
  expect(seen.at(-1)).toBe("connecting");
  socket(1).onopen?.();
  expect(seen).toEqual(["connecting", "live", "connecting", "live"]);
});

it("the next socket is in use before the old one is closed", async () => {
  const { socket, seen } = await aged();
  expect(socket(0).closed).toBe(false);
  socket(1).onopen?.();
  expect(socket(0).closed).toBe(true);
  expect(seen).not.toContain("waiting");
});

it("a socket that ended at its limit while the page was suspended is replaced at once", async () => {
  const { time, sockets, socket, seen, link } = made();
  link.start();
  await settled();
  // Even if the page learned late that the socket was open.
  time.sleep(TIMING.replaceAfter / 2);
  socket(0).onopen?.();
  time.sleep(TIMING.replaceAfter / 2);
  socket(0).onclose?.();
  await settled();
  expect(sockets).toHaveLength(2);
  socket(1).onopen?.();
  expect(seen).toEqual(["connecting", "live", "connecting", "live"]);
});

it("a replacement that fails leaves the old socket in use and is tried again", async () => {
  const { time, sockets, socket, seen } = await aged();
  socket(1).onclose?.();
  expect(seen).toEqual(["connecting", "live"]);
  while (sockets.length < 3) {
    socket(0).onmessage?.({ data: "{}" });
    expect(await time.step(time.read() + HOUR)).toBe(true);
  }
  socket(2).onopen?.();
  expect(seen).not.toContain("waiting");
});

it("if the next socket also fails, the connection is lost", async () => {
  const { socket, seen } = await aged();
  socket(0).onclose?.();
  socket(1).onclose?.();
  expect(seen.at(-1)).toBe("waiting");
});

it("if a young socket ends, the connection is lost", async () => {
  const { socket, seen, link } = made();
  link.start();
  await settled();
  socket(0).onopen?.();
  socket(0).onclose?.();
  expect(seen).toEqual(["connecting", "live", "waiting"]);
});
