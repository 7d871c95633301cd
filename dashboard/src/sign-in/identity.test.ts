import { describe, expect, it } from "vitest";

import { FakeBrowser, FakeProvider, type FakeTab, ORIGIN, SIGN_IN } from "../testing/provider.ts";
import { settled, Time } from "../testing/world.ts";
import { Identity } from "./identity.ts";

const MINUTE = 60_000;

function made() {
  const time = new Time();
  const provider = new FakeProvider();
  return { time, provider, browser: new FakeBrowser(time, provider) };
}

async function begun(tab: FakeTab): Promise<Identity> {
  const identity = new Identity(SIGN_IN, tab);
  identity.start();
  await settled();
  return identity;
}

/** Signs in and returns, in the same tab. */
async function through(identity: Identity, tab: FakeTab, provider: FakeProvider) {
  await identity.signIn();
  const back = tab.reloaded(provider.enter(tab.left ?? ""));
  return { tab: back, identity: await begun(back) };
}

async function entered(world = made(), address = `${ORIGIN}/`) {
  const tab = world.browser.tab(address);
  const there = await through(await begun(tab), tab, world.provider);
  expect(there.identity.snapshot().kind).toBe("in");
  return { ...world, ...there };
}

/** Runs all timers until then. */
async function until(time: Time, then: number) {
  time.after(then - time.read(), () => {});
  while (await time.step(then));
}

describe("signing in", () => {
  it("leads to the provider and back to the same page, and identifies the user", async () => {
    const { identity, tab } = await entered(made(), `${ORIGIN}/scans/7?item=1-2`);
    expect(tab.address()).toBe(`${ORIGIN}/scans/7?item=1-2`);
    expect(identity.snapshot()).toEqual({
      kind: "in",
      who: { subject: "0f-1", name: "ä@example.org", tenant: "acme" },
    });
    expect(await identity.token()).toContain(".");
  });

  it("survives a reload, but only in this tab", async () => {
    const { identity, tab, browser } = await entered();
    const again = await begun(tab.reloaded());
    expect(await again.token()).toBe(await identity.token());
    expect((await begun(browser.tab())).snapshot()).toEqual({ kind: "out", why: null });
  });

  it("accepts only the answer to its own request", async () => {
    for (const lies of [{ nonce: "another" }, { aud: "another" }, { sub: "" }]) {
      const { provider, browser } = made();
      provider.lies = lies;
      const tab = browser.tab();
      const { identity, tab: back } = await through(await begun(tab), tab, provider);
      expect(identity.snapshot()).toMatchObject({ kind: "out", why: expect.stringContaining("returned a token") });
      expect(back.kept.size).toBe(0);
    }
  });

  it("accepts no code that it did not request", async () => {
    const { time, provider, browser } = made();
    const other = browser.tab();
    await (await begun(other)).signIn();
    const stolen = provider.enter(other.left ?? "");
    browser.tabs.pop();
    const tab = browser.tab(stolen);
    const identity = await begun(tab);
    await until(time, time.read() + MINUTE);
    expect(identity.snapshot()).toMatchObject({ kind: "out", why: expect.stringContaining("started elsewhere") });
    expect(tab.address()).toBe(`${ORIGIN}/`);
  });

  it("shows why it failed, with text of the provider only for its own request", async () => {
    const { time, browser } = made();
    const tab = browser.tab(`${ORIGIN}/scans`);
    await (await begun(tab)).signIn();
    const state = new URL(tab.left ?? "").searchParams.get("state");
    const said = "error=server_error&error_description=Call+0900";
    const mine = await begun(tab.reloaded(`${ORIGIN}/?${said}&state=${state}`));
    expect(mine.snapshot()).toMatchObject({ kind: "out", why: "The sign-in service returned an error: Call 0900." });
    const planted = await begun(browser.tab(`${ORIGIN}/?${said}&state=x`));
    await until(time, time.read() + MINUTE);
    expect(JSON.stringify(planted.snapshot())).not.toContain("0900");
  });

  it("says that the service does not answer", async () => {
    const { provider, browser } = made();
    const tab = browser.tab();
    const identity = await begun(tab);
    await identity.signIn();
    const back = provider.enter(tab.left ?? "");
    provider.down = true;
    expect((await begun(tab.reloaded(back))).snapshot()).toMatchObject({
      kind: "out",
      why: expect.stringContaining("is not responding"),
    });
  });
});

describe("the token", () => {
  it("is renewed before it expires, without the user", async () => {
    const { time, provider, identity } = await entered();
    const first = await identity.token();
    await until(time, time.read() + 24 * 60 * MINUTE);
    expect(provider.refreshes).toBeGreaterThan(24);
    expect(provider.refreshes).toBeLessThan(30);
    expect(await identity.token()).not.toBe(first);
    expect(identity.snapshot().kind).toBe("in");
  });

  it("is requested once, however many requests wait for it", async () => {
    const { time, provider, tab } = await entered();
    provider.refreshes = 0;
    const identity = await begun(tab.reloaded());
    time.sleep(2 * 60 * MINUTE);
    const given = await Promise.all([identity.token(), identity.token(), identity.token()]);
    expect(new Set(given).size).toBe(1);
    expect(provider.refreshes).toBe(1);
  });

  it("is used until it expires if the service does not answer, and no longer", async () => {
    const { time, provider, identity } = await entered();
    const first = await identity.token();
    provider.down = true;
    await until(time, time.read() + 58 * MINUTE);
    expect(await identity.token()).toBe(first);
    await until(time, time.read() + 5 * MINUTE);
    await expect(identity.token()).rejects.toThrow("is not responding");
    expect(identity.snapshot().kind).toBe("in");
    provider.down = false;
    expect(await identity.token()).not.toBe(first);
  });

  it("is replaced once if the API refuses it", async () => {
    const { provider, identity } = await entered();
    const first = await identity.token();
    await Promise.all([identity.refused(first, false), identity.refused(first, false)]);
    const second = await identity.token();
    expect(second).not.toBe(first);
    await identity.refused(first, true);
    expect(provider.refreshes).toBe(1);
    expect(identity.snapshot().kind).toBe("in");
    await identity.refused(second, true);
    expect(identity.snapshot()).toMatchObject({ kind: "lapsed", why: expect.stringContaining("did not accept") });
  });
});

describe("an expired sign-in", () => {
  async function lapsed(world = made()) {
    const there = await entered(world, `${ORIGIN}/scans/7`);
    world.provider.strict = true;
    await until(world.time, world.time.read() + 60 * MINUTE);
    expect(there.identity.snapshot()).toMatchObject({ kind: "lapsed", blocked: false });
    expect(there.tab.kept.size).toBe(0);
    world.provider.strict = false;
    return there;
  }

  it("is renewed in another window, and waiting requests continue", async () => {
    const { identity, tab, provider, browser } = await lapsed();
    const waiting = identity.token();
    await identity.signInBeside();
    const window = browser.tab(provider.enter(tab.opened ?? ""));
    const other = await begun(window);
    expect(await waiting).toContain(".");
    expect(identity.snapshot().kind).toBe("in");
    expect(other.snapshot()).toEqual({ kind: "done" });
    expect(window.closed).toBe(true);
    expect(window.kept.size).toBe(0);
    expect([tab.left, tab.address()]).toEqual([null, `${ORIGIN}/scans/7`]);
  });

  it("of one user is not continued by another user", async () => {
    const { identity, tab, provider, browser } = await lapsed();
    provider.person = { sub: "0f-2", email: "b@example.org", "custom:tenant": "other" };
    await identity.signInBeside();
    await begun(browser.tab(provider.enter(tab.opened ?? "")));
    await settled();
    expect(tab.left).toBe(`${ORIGIN}/`);
  });

  it("can be renewed in this window if the browser opens no other", async () => {
    const there = await lapsed();
    there.browser.popups = false;
    await there.identity.signInBeside();
    expect(there.identity.snapshot()).toMatchObject({ kind: "lapsed", blocked: true });
    const { identity, tab } = await through(there.identity, there.tab, there.provider);
    expect(identity.snapshot().kind).toBe("in");
    expect(tab.address()).toBe(`${ORIGIN}/scans/7`);
  });

  it("does not block cancelled requests", async () => {
    const { identity } = await lapsed();
    const controller = new AbortController();
    const waiting = identity.token(controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
    await expect(identity.token(controller.signal)).rejects.toMatchObject({ name: "AbortError" });
  });
});

it("signing out ends it in every tab, and at the provider", async () => {
  const world = made();
  const one = await entered(world);
  const two = await entered(world);
  expect(world.provider.holding.size).toBe(2);
  one.identity.signOut();
  await settled();
  expect(world.provider.holding.size).toBe(0);
  for (const { identity, tab } of [one, two]) {
    expect(identity.snapshot()).toEqual({ kind: "out", why: null });
    expect(tab.kept.size).toBe(0);
  }
  expect(one.tab.left).toContain(SIGN_IN.logout_url);
  expect(two.tab.left).toBeNull();
});
