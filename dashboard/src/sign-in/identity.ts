// The identity that requests use: signs users in, refreshes the token in the background, and lets requests wait when
// only the user can help. If a sign-in expires while the page is in use, it is renewed in another window, so that
// nothing on the page is lost. Independent of React.

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
  /** Determining whether the user is signed in. */
  | { kind: "opening" }
  /** Not signed in; no page is shown. `why`: the error, if any. */
  | { kind: "out"; why: string | null }
  | { kind: "in"; who: Who }
  /** Expired while the page is in use; the page stays. `blocked`: the browser blocked the sign-in window. */
  | { kind: "lapsed"; who: Who; why: string; blocked: boolean }
  /** This window was opened by another one to sign in, and has done so. */
  | { kind: "done" };

/** Messages between the tabs of one browser. */
export type Word = { kind: "returned"; returned: Returned } | { kind: "taken"; state: string } | { kind: "signed_out" };

/** The parts of a browser in use, so that tests need none. */
export interface World {
  /** Origin of the page. */
  origin: string;
  now(): number;
  /** Calls back once after the given milliseconds; the returned function cancels it. */
  after(milliseconds: number, call: () => void): () => void;
  random(bytes: number): Uint8Array;
  sha256(text: string): Promise<Uint8Array>;
  /** Sends a form without credentials, also while the page is being left. Status 0: no answer. */
  send(url: string, form: Record<string, string>): Promise<{ status: number; body: unknown }>;
  /** Storage of this tab that survives a reload. */
  recall(key: string): string | null;
  keep(key: string, value: string | null): void;
  address(): string;
  /** Changes the path in the address without loading a page. */
  show(path: string): void;
  /** Navigates to a URL. `instead`: replaces this page in the history. */
  leave(url: string, instead?: boolean): void;
  /** Opens an empty window; `null` if the browser blocks it. Only within a click of the user. */
  open(): { go(url: string): void } | null;
  /** Closes this window. */
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
/** Tokens are renewed this long before they expire, but not before half of their lifetime. Milliseconds. */
const AHEAD = 5 * 60_000;
/** Until the next attempt if the sign-in service did not answer. Milliseconds. */
const AGAIN = 30_000;
/** For another window to answer that it takes over. Milliseconds. */
const HAND_OVER = 1_500;

const RAN_OUT = "Your sign-in has expired.";

export class Identity implements Voucher {
  private state: State = { kind: "opening" };
  private held: Held | null = null;
  private renewing: Promise<void> | null = null;
  private cancelRenewal: (() => void) | null = null;
  /** A sign-in in progress in another window. */
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

  /** Determines whether the user is signed in. Further calls do nothing. */
  start(): void {
    if (this.started) return;
    this.started = true;
    this.world.hear((word) => this.heard(word));
    const back = returned(this.world.address());
    if (back) void this.comeBack(back);
    else this.goOn(null);
  }

  /** Goes to the sign-in and back to the current address. `instead`: replaces this page in the history. */
  async signIn(instead = false): Promise<void> {
    const { pathname, search } = new URL(this.world.address());
    const asked = this.ask(pathname + search);
    this.world.keep(ASKED, JSON.stringify(asked));
    this.world.leave(await this.authorizeUrl(asked), instead);
  }

  /** Signs in in another window while the page stays. Only within a click of the user. */
  async signInBeside(): Promise<void> {
    const window = this.world.open();
    if (!window) {
      if (this.state.kind === "lapsed") this.set({ ...this.state, blocked: true });
      return;
    }
    // The verifier never leaves this page: only this page can use the code that the window returns.
    this.asked = this.ask("/");
    window.go(await this.authorizeUrl(this.asked));
  }

  signOut(): void {
    this.end();
    this.world.tell({ kind: "signed_out" });
    this.set({ kind: "out", why: null });
    this.world.leave(logoutUrl(this.provider, this.world.origin));
  }

  /** Returns a valid token. Without one, waits for a sign-in; rejects if the sign-in service cannot be reached. */
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
          // The sign-in service does not answer: the old token is used until it expires.
          if (this.held && this.world.now() < this.held.expiresAt) return this.held.tokens.id;
          throw error;
        }
      }
    }
  }

  /** Handles a token that the API rejected. `final`: it rejected the previous one too. */
  async refused(token: string, final: boolean): Promise<void> {
    if (this.held?.tokens.id !== token) return;
    if (final) this.lapse("Riffle did not accept your sign-in.");
    else await this.renew();
  }

  /** Handles the return from the provider. */
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
    this.goOn("This sign-in was started elsewhere, or too long ago. Sign in again.");
  }

  /** Offers the answer to other windows; resolves to whether one of them had requested it. */
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

  /** Continues with the sign-in stored by the tab. `why`: the error to show without one. */
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
        else this.set({ kind: "out", why: "The sign-in service is not responding. Try again in a moment." });
      });
    }
  }

  /** Exchanges the code for tokens. */
  private async finish(asked: Asked, back: Returned): Promise<void> {
    try {
      if ("error" in back) throw new Refused(declined(back));
      const form = codeForm(this.provider, this.world.origin, asked, back.code);
      const { status, body } = await this.world.send(this.provider.token_url, form);
      if (status === 0) throw new Refused("The sign-in service is not responding. Check your connection.");
      if (status !== 200) throw new Refused(`The sign-in service returned an error (${status}).`);
      const given = tokens(body);
      const who = whose(given.id, this.provider, asked.nonce);
      const before = this.state.kind === "lapsed" ? this.state.who : null;
      this.take(this.holding(given, who));
      // The page shows data of another user.
      if (before && before.subject !== who.subject) this.world.leave(`${this.world.origin}/`);
    } catch (error) {
      this.lapse(error instanceof Refused ? error.message : "Sign-in failed. Try again.");
    }
  }

  /** Refreshes the token. Rejects if the service does not answer; if the service refuses, the sign-in ends. */
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
    // The user signed out meanwhile.
    if (this.held !== held) return;
    if (status === 0 || status === 429 || status >= 500) {
      this.renewAfter(AGAIN);
      throw new Error("The sign-in service is not responding.");
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
      // A failure shows when a token is needed.
      this.renew().catch(() => {});
    });
  }

  /** Ends the sign-in, or keeps the user signed out. */
  private lapse(why: string): void {
    const { state } = this;
    this.drop();
    if (state.kind === "in" || state.kind === "lapsed") {
      this.set({ kind: "lapsed", who: state.who, why, blocked: false });
    } else {
      this.set({ kind: "out", why });
    }
  }

  /** Ends the sign-in and revokes the refresh token of this tab, so that no copy of it stays valid. */
  private end(): void {
    const refresh = this.held?.tokens.refresh;
    this.drop();
    const { revoke_url } = this.provider;
    // The answer is ignored: the user has signed out, and the token expires anyway.
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

/** Used only for a sign-in that this page started, so that nobody else can put text on the page. */
function declined({ error, description }: { error: string; description: string }): string {
  if (error === "access_denied") return "Sign-in was cancelled, or you do not have access to this page.";
  return `The sign-in service returned an error: ${description || error}.`;
}
