import { describe, expect, it } from "vitest";

import { TIMING } from "../../connection/link.ts";
import { FakeServer } from "../../testing/server.ts";
import { chance, type Faults, Time, Wires } from "../../testing/world.ts";
import { isOver, Session } from "./session.ts";

const NONE: Faults = { lost: 0, doubled: 0, late: 0 };
const HOUR = 3_600_000;

function made(seed: number, total: number, timing = TIMING) {
  const random = chance(seed);
  const time = new Time();
  const server = new FakeServer(total, time, random);
  let faults = NONE;
  const wires = new Wires(time, random, () => faults, server.accept);
  const start = { request_id: "r" };
  const begin = (wanted: ConstructorParameters<typeof Session>[0]) => {
    const session = new Session(wanted, wires, server.api, (call) => call(), timing);
    session.open();
    return session;
  };
  return { random, time, server, wires, begin, start, set: (next: Faults) => (faults = next) };
}

function expectSame(session: Session, server: FakeServer) {
  const view = session.snapshot();
  expect(view.state).toBe(server.state);
  expect(view.matches).toBe(server.matches.length);
  expect(session.matches.size).toBe(server.matches.length);
  expect(server.matches.every(({ match_id }) => session.matches.has(match_id))).toBe(true);
  expect(session.failures().map(({ file }) => file)).toEqual(server.failures.map(({ file }) => file));
  expect(view.failed).toBe(server.failures.length);
  expect(view.problem).toBeNull();
  expect(view.synced).toBe(true);
}

describe("a session", () => {
  it("follows a scan from the click to its end", async () => {
    const { time, server, begin, start } = made(1, 30);
    const session = begin({ start });
    while (!isOver(session.snapshot().state)) expect(await time.step(HOUR * 10)).toBe(true);
    while (await time.step(time.read() + 60_000));
    expectSame(session, server);
    expect(session.snapshot().receipt?.files).toBe(30);
    expect(session.snapshot().link.kind).toBe("closed");
  });

  it("reads a finished scan without a socket", async () => {
    const { time, server, wires, begin, start } = made(2, 30);
    begin({ start });
    while (server.state !== "COMPLETE") await time.step(HOUR * 10);
    const before = wires.opened;
    const late = begin({ id: "session-of-r" });
    while (await time.step(time.read() + 60_000));
    expectSame(late, server);
    expect(wires.opened).toBe(before);
  });

  it("says that a session does not exist", async () => {
    const { time, server, begin } = made(3, 3);
    server.api.detail = async () => {
      const { ApiError } = await import("../../api/client.ts");
      throw new ApiError(404, "Not found", "This scan does not exist.");
    };
    const session = begin({ id: "nonsense" });
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    while (await time.step(time.read() + 60_000));
    expect(session.snapshot().problem?.kind).toBe("not_found");
  });

  it("cancels even if the connection is lost at that moment", async () => {
    const { time, server, wires, begin, start } = made(4, 500);
    const session = begin({ start });
    while (session.matches.size < 5) await time.step(HOUR * 10);
    wires.cut();
    session.cancel();
    while (!isOver(session.snapshot().state)) expect(await time.step(HOUR * 10)).toBe(true);
    while (await time.step(time.read() + 60_000));
    expect(server.state).toBe("CANCELLED");
    expectSame(session, server);
  });

  it("replaces an old socket without a gap", async () => {
    const { time, server, wires, begin, start } = made(5, 400, { ...TIMING, replaceAfter: 3_000 });
    const session = begin({ start });
    const states = new Set<string>();
    session.subscribe(() => {
      if (session.snapshot().state === "RUNNING") states.add(session.snapshot().link.kind);
    });
    while (!isOver(session.snapshot().state)) expect(await time.step(HOUR * 10)).toBe(true);
    while (await time.step(time.read() + 60_000));
    expectSame(session, server);
    expect(wires.opened).toBeGreaterThan(5);
    expect([...states]).toEqual(["live"]);
  });

  it("notices a dead socket that was not closed", async () => {
    const { time, server, wires, begin, start, set } = made(6, 300);
    const session = begin({ start });
    while (session.matches.size < 5) await time.step(HOUR * 10);
    set({ lost: 1, doubled: 0, late: 0 });
    const [silent, before] = [time.read(), wires.opened];
    while (time.read() < silent + 45_000) await time.step(HOUR * 10);
    expect(wires.opened).toBeGreaterThan(before);
    set(NONE);
    while (!isOver(session.snapshot().state)) expect(await time.step(HOUR * 10)).toBe(true);
    while (await time.step(time.read() + 60_000));
    expectSame(session, server);
  });
});

describe("with random faults of the network", () => {
  it("a session ends in the server's state, and progress never falls", async () => {
    for (let seed = 100; seed < 400; seed++) {
      const { random, time, server, wires, begin, start, set } = made(seed, 5 + (seed % 60));
      let session = begin({ start });
      set({ lost: random() * 0.3, doubled: random() * 0.3, late: random() * 0.5 });
      server.failing = random() * 0.4;
      let shown = 0;
      const trouble = time.read() + 20_000;
      while (time.read() < trouble && (await time.step(trouble))) {
        if (random() < 0.03) wires.cut();
        if (random() < 0.01) wires.down = !wires.down;
        if (random() < 0.01) {
          // A reload: the tab keeps the request, or the address.
          const { id } = session.snapshot();
          session.close();
          session = begin(id === null ? { start } : { id });
          shown = 0;
        }
        expect(session.snapshot().percent).toBeGreaterThanOrEqual(shown);
        shown = session.snapshot().percent;
      }
      set(NONE);
      server.failing = 0;
      wires.down = false;
      const calm = time.read() + HOUR;
      while (await time.step(calm)) {
        if (isOver(session.snapshot().state) && session.snapshot().synced && time.read() > trouble + 120_000) break;
      }
      expect(server.created, `seed ${seed}`).toBe(1);
      expect(server.state, `seed ${seed}`).toBe("COMPLETE");
      expectSame(session, server);
    }
  }, 60_000);
});
