// In whose name the page asks: signs people in, keeps the token fresh without them, and lets requests wait where only a
// person can help. A sign-in that runs out under a page in use is renewed in another window, so that nothing on the
// page is lost. Knows nothing of React.

import type { Voucher } from "../api/client.ts";
import type { SignIn } from "../contracts.ts";
import {
  type Asked,
  authorizeUrl,
  base64url,
  CHANCE,
  codeForm,
  logoutUrl,
  Refused,
  type Returned,
  refreshForm,
  returned,
  revokeForm,
  type Tokens,
  tokens,
  type Who,
  whose,
} from "./oidc.ts";

export type State =
  /** Finding out whether somebody has signed in. */
  | { kind: "opening" }
  /** Nobody has, and nothing is shown. `why`: what went wrong. */
  | { kind: "out"; why: string | null }
  | { kind: "in"; who: Who }
  /** Ran out under a page in use, which stays as it is. `blocked`: the browser opened no window. */
  | { kind: "lapsed"; who: Who; why: string; blocked: boolean }
  /** This window was another one's, to sign in. */
  | { kind: "done" };

/** Between the tabs of one browser. */
export type Word = { kind: "returned"; returned: Returned } | { kind: "taken"; state: string } | { kind: "signed_out" };

/** The parts of a browser that are used, so that tests can do without one. */
export interface World {
  /** Of the page. */
  origin: string;
  now(): number;
  /** Calls back once after so many milliseconds; the answer cancels it. */
  after(milliseconds: number, call: () => void): () => void;
  random(bytes: number): Uint8Array;
  sha256(text: string): Promise<Uint8Array>;
  /** Sends a form, without anything else that would tell who asks, also when the page is left. Status 0: nobody answered. */
  send(url: string, form: Record<string, string>): Promise<{ status: number; body: unknown }>;
  /** Kept by this tab over a reload. */
  recall(key: string): string | null;
  keep(key: string, value: string | null): void;
  address(): string;
  /** Another path in the address, without loading anything. */
  show(path: string): void;
  /** `instead`: the way back leads past this page. */
  leave(url: string, instead?: boolean): void;
  /** Opens an empty window; `null` where the browser does not allow it. Only within a person's click. */
  open(): { go(url: string): void } | null;
  /** This window has done its work. */
  close(): void;
  tell(word: Word): void;
  hear(listener: (word: Word) => void): void;
}

interface Held {
  tokens: Tokens;
  who: Who;
  renewAt: number;
  expiresAt: number;
}

const ASKED = "riffle.sign-in";
const HELD = "riffle.signed-in";
/** Renewed so long before its end, but not before half of its life. Milliseconds. */
const AHEAD = 5 * 60_000;
/** Until another try, where the sign-in service did not answer. */
const AGAIN = 30_000;
/** For another window to say that it takes over. */
const HAND_OVER = 1_500;

const RAN_OUT = "Your sign-in has run out.";

export class Identity implements Voucher {
  private state: State = { kind: "opening" };
  private held: Held | null = null;
  private renewing: Promise<void> | null = null;
  private cancelRenewal: (() => void) | null = null;
  /** A sign-in under way in another window. */
  private asked: Asked | null = null;
  private taken: ((state: string) => void) | null = null;
  private started = false;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly provider: SignIn,
    private readonly world: World,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): State => this.state;

  /** Looks who is there. Further calls do nothing. */
  start(): void {
    if (this.started) return;
    this.started = true;
    this.world.hear((word) => this.heard(word));
    const back = returned(this.world.address());
    if (back) void this.comeBack(back);
    else this.goOn(null);
  }

  /** Leads to the sign-in and back to where the person is. `instead`: whoever turns round there does not come back here. */
  async signIn(instead = false): Promise<void> {
    const { pathname, search } = new URL(this.world.address());
    const asked = this.ask(pathname + search);
    this.world.keep(ASKED, JSON.stringify(asked));
    this.world.leave(await this.authorizeUrl(asked), instead);
  }

  /** Signs in in another window while the page stays. Within a person's click. */
  async signInBeside(): Promise<void> {
    const window = this.world.open();
    if (!window) {
      if (this.state.kind === "lapsed") this.set({ ...this.state, blocked: true });
      return;
    }
    // Its verifier never leaves this page: what the window brings back is of use here alone.
    this.asked = this.ask("/");
    window.go(await this.authorizeUrl(this.asked));
  }

  signOut(): void {
    this.end();
    this.world.tell({ kind: "signed_out" });
    this.set({ kind: "out", why: null });
    this.world.leave(logoutUrl(this.provider, this.world.origin));
  }

  /** A token that holds. Waits for a person where there is none; fails only where nobody can be asked. */
  async token(signal?: AbortSignal | null): Promise<string> {
    for (;;) {
      signal?.throwIfAborted();
      if (!this.held) {
        await this.somebody(signal);
      } else if (this.world.now() < this.held.renewAt) {
        return this.held.tokens.id;
      } else {
        try {
          await this.renew();
        } catch (error) {
          // The sign-in service does not answer: the old one is good a little longer.
          if (this.held && this.world.now() < this.held.expiresAt) return this.held.tokens.id;
          throw error;
        }
      }
    }
  }

  /** The API does not take this token (any more). `final`: it did not take the one before either. */
  async refused(token: string, final: boolean): Promise<void> {
    if (this.held?.tokens.id !== token) return;
    if (final) this.lapse("Riffle did not accept your sign-in.");
    else await this.renew();
  }

  /** Called back by the provider. */
  private async comeBack(back: Returned): Promise<void> {
    const asked = this.recall<Asked>(ASKED);
    if (asked?.state === back.state) {
      this.world.keep(ASKED, null);
      this.world.show(asked.path);
      await this.finish(asked, back);
      return;
    }
    this.world.show("/");
    if (await this.handOver(back)) {
      this.set({ kind: "done" });
      this.world.close();
      return;
    }
    this.goOn("This sign-in was begun elsewhere, or too long ago. Sign in again.");
  }

  /** Whether another window had asked for this. */
  private handOver(back: Returned): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.world.after(HAND_OVER, () => resolve(false));
      this.taken = (state) => {
        if (state !== back.state) return;
        cancel();
        resolve(true);
      };
      this.world.tell({ kind: "returned", returned: back });
    });
  }

  private heard(word: Word): void {
    switch (word.kind) {
      case "returned": {
        const asked = this.asked;
        if (asked?.state !== word.returned.state) return;
        this.asked = null;
        this.world.tell({ kind: "taken", state: asked.state });
        void this.finish(asked, word.returned);
        return;
      }
      case "taken":
        this.taken?.(word.state);
        return;
      case "signed_out":
        if (this.state.kind === "done") return;
        this.end();
        this.set({ kind: "out", why: null });
        return;
    }
  }

  /** With what the tab has kept. `why`: said where that is nothing. */
  private goOn(why: string | null): void {
    const kept = this.recall<Held>(HELD);
    if (!kept) {
      this.set({ kind: "out", why });
    } else if (this.world.now() < kept.renewAt) {
      this.take(kept);
    } else {
      this.held = kept;
      this.renew().catch(() => {
        if (this.held && this.world.now() < this.held.expiresAt) this.take(this.held);
        else this.set({ kind: "out", why: "The sign-in service does not answer. Try again in a moment." });
      });
    }
  }

  /** Changes the code for tokens. */
  private async finish(asked: Asked, back: Returned): Promise<void> {
    try {
      if ("error" in back) throw new Refused(declined(back));
      const form = codeForm(this.provider, this.world.origin, asked, back.code);
      const { status, body } = await this.world.send(this.provider.token_url, form);
      if (status === 0) throw new Refused("The sign-in service does not answer. Check the connection.");
      if (status !== 200) throw new Refused(`The sign-in service refused (${status}).`);
      const given = tokens(body);
      const who = whose(given.id, this.provider, asked.nonce);
      const before = this.state.kind === "lapsed" ? this.state.who : null;
      this.take(this.holding(given, who));
      // What is on the page is somebody else's.
      if (before && before.subject !== who.subject) this.world.leave(`${this.world.origin}/`);
    } catch (error) {
      this.lapse(error instanceof Refused ? error.message : "The sign-in failed.");
    }
  }

  /** Without the person. Rejects where the service does not answer; where it refuses, nobody is signed in any more. */
  private renew(): Promise<void> {
    this.renewing ??= this.renewed().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  private async renewed(): Promise<void> {
    const held = this.held;
    if (!held) return;
    const { refresh } = held.tokens;
    if (refresh === null) {
      this.lapse(RAN_OUT);
      return;
    }
    const { status, body } = await this.world.send(this.provider.token_url, refreshForm(this.provider, refresh));
    // Somebody signed out meanwhile.
    if (this.held !== held) return;
    if (status === 0 || status === 429 || status >= 500) {
      this.renewAfter(AGAIN);
      throw new Error("The sign-in service does not answer.");
    }
    try {
      if (status !== 200) throw new Refused(RAN_OUT);
      const given = tokens(body, refresh);
      const who = whose(given.id, this.provider, null);
      if (who.subject !== held.who.subject) throw new Refused(RAN_OUT);
      this.take(this.holding(given, who));
    } catch {
      this.lapse(RAN_OUT);
    }
  }

  private holding(given: Tokens, who: Who): Held {
    const [now, life] = [this.world.now(), given.life * 1000];
    return { tokens: given, who, renewAt: now + Math.max(life / 2, life - AHEAD), expiresAt: now + life };
  }

  private take(held: Held): void {
    this.held = held;
    this.world.keep(HELD, JSON.stringify(held));
    this.renewAfter(Math.max(0, held.renewAt - this.world.now()));
    this.set({ kind: "in", who: held.who });
  }

  private renewAfter(milliseconds: number): void {
    this.cancelRenewal?.();
    this.cancelRenewal = this.world.after(milliseconds, () => {
      // What it comes to is seen where a token is needed.
      this.renew().catch(() => {});
    });
  }

  /** Nobody is signed in any more, or still nobody. */
  private lapse(why: string): void {
    const { state } = this;
    this.drop();
    if (state.kind === "in" || state.kind === "lapsed") {
      this.set({ kind: "lapsed", who: state.who, why, blocked: false });
    } else {
      this.set({ kind: "out", why });
    }
  }

  /** Signed out: each tab has a refresh token of its own, which a copy of it is not to outlive. */
  private end(): void {
    const refresh = this.held?.tokens.refresh;
    this.drop();
    const { revoke_url } = this.provider;
    // Whatever the answer, nobody is left who could do anything about it; the token ends by itself.
    if (refresh && revoke_url) void this.world.send(revoke_url, revokeForm(this.provider, refresh));
  }

  private drop(): void {
    this.held = null;
    this.asked = null;
    this.cancelRenewal?.();
    this.cancelRenewal = null;
    this.world.keep(HELD, null);
  }

  private somebody(signal?: AbortSignal | null): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        stop();
        signal?.removeEventListener("abort", abort);
      };
      const abort = () => {
        end();
        reject(signal?.reason);
      };
      const stop = this.subscribe(() => {
        if (!this.held) return;
        end();
        resolve();
      });
      signal?.addEventListener("abort", abort);
    });
  }

  private ask(path: string): Asked {
    const chance = () => base64url(this.world.random(CHANCE));
    return { state: chance(), nonce: chance(), verifier: chance(), path };
  }

  private authorizeUrl(asked: Asked): Promise<string> {
    return authorizeUrl(this.provider, this.world.origin, asked, (text) => this.world.sha256(text));
  }

  private recall<T>(key: string): T | null {
    try {
      return JSON.parse(this.world.recall(key) ?? "null") as T | null;
    } catch {
      return null;
    }
  }

  private set(state: State): void {
    this.state = state;
    for (const listener of [...this.listeners]) listener();
  }
}

/** Told only of a sign-in that was begun here: nobody else puts words on the page. */
function declined({ error, description }: { error: string; description: string }): string {
  if (error === "access_denied") return "The sign-in was stopped, or you may not use this page.";
  return `The sign-in service refused: ${description || error}.`;
}
