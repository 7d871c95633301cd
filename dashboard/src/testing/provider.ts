// A fake identity provider, and browser tabs that use it.

import type { SignIn } from "../contracts.ts";
import type { Word, World } from "../sign-in/identity.ts";
import { base64url } from "../sign-in/oidc.ts";
import { settled, type Time } from "./world.ts";

export const ORIGIN = "https://riffle.example";
export const SIGN_IN: SignIn = {
  authorize_url: "https://login.example/oauth2/authorize",
  token_url: "https://login.example/oauth2/token",
  revoke_url: "https://login.example/oauth2/revoke",
  logout_url: "https://login.example/logout",
  client_id: "page",
  scope: "openid email",
};

/** Not SHA-256, but sufficient because both sides use it. */
const digest = (text: string) => new TextEncoder().encode(`digest of ${text}`);

export function token(claims: object): string {
  return ["{}", JSON.stringify(claims), ""].map((part) => base64url(new TextEncoder().encode(part))).join(".");
}

export class FakeProvider {
  /** The user who signs in. */
  person = { sub: "0f-1", email: "ä@example.org", "custom:tenant": "acme" };
  /** Lifetime of tokens in seconds. */
  life = 3_600;
  /** Whether the provider is unreachable. */
  down = false;
  /** Whether the provider rejects all refresh tokens. */
  strict = false;
  /** False claims added to each token. */
  lies: object = {};
  refreshes = 0;
  /** Valid refresh tokens. */
  readonly holding = new Set<string>();
  private given = 0;
  private readonly codes = new Map<string, { challenge: string; nonce: string; redirect: string }>();

  /** Signs the user in at this address; returns the callback address. */
  enter(address: string): string {
    const said = new URL(address).searchParams;
    const code = `code-${this.codes.size}`;
    const redirect = said.get("redirect_uri") ?? "";
    this.codes.set(code, { challenge: said.get("code_challenge") ?? "", nonce: said.get("nonce") ?? "", redirect });
    return `${redirect}?code=${code}&state=${said.get("state")}`;
  }

  answer(url: string, form: Record<string, string>): { status: number; body: unknown } {
    const no = { status: 400, body: { error: "invalid_grant" } };
    if (this.down) return { status: 0, body: null };
    if (form.client_id !== SIGN_IN.client_id) return no;
    if (url === SIGN_IN.revoke_url) {
      this.holding.delete(form.token ?? "");
      return { status: 200, body: null };
    }
    if (url !== SIGN_IN.token_url) return no;
    if (form.grant_type === "refresh_token") {
      this.refreshes += 1;
      if (this.strict || !this.holding.has(form.refresh_token ?? "")) return no;
      return { status: 200, body: { id_token: this.token({}), expires_in: this.life } };
    }
    const asked = this.codes.get(form.code ?? "");
    this.codes.delete(form.code ?? "");
    if (!asked || asked.challenge !== base64url(digest(form.code_verifier ?? ""))) return no;
    if (asked.redirect !== form.redirect_uri) return no;
    const id_token = this.token({ nonce: asked.nonce });
    const refresh_token = `refresh-${this.given}`;
    this.holding.add(refresh_token);
    return { status: 200, body: { id_token, refresh_token, expires_in: this.life } };
  }

  private token(more: object): string {
    this.given += 1;
    return token({ aud: SIGN_IN.client_id, jti: this.given, ...this.person, ...more, ...this.lies });
  }
}

/** State shared by the tabs of one browser. */
export class FakeBrowser {
  readonly tabs: FakeTab[] = [];
  popups = true;

  constructor(
    readonly time: Time,
    readonly provider: FakeProvider,
  ) {}

  tab(address = `${ORIGIN}/`): FakeTab {
    return new FakeTab(this, address);
  }
}

export class FakeTab implements World {
  readonly origin = ORIGIN;
  readonly kept = new Map<string, string>();
  /** The URL that the tab last navigated to. */
  left: string | null = null;
  /** The URL that it last opened in a window. */
  opened: string | null = null;
  closed = false;
  private listener: (word: Word) => void = () => {};
  private chance = 0;

  constructor(
    private readonly browser: FakeBrowser,
    private place: string,
  ) {
    browser.tabs.push(this);
  }

  /** Returns the same tab at another address, or reloaded: only its storage is kept. */
  reloaded(address = this.place): FakeTab {
    this.browser.tabs.splice(this.browser.tabs.indexOf(this), 1);
    const tab = new FakeTab(this.browser, address);
    for (const [key, value] of this.kept) tab.kept.set(key, value);
    return tab;
  }

  now(): number {
    return this.browser.time.read();
  }
  after(milliseconds: number, call: () => void): () => void {
    return this.browser.time.after(milliseconds, call);
  }
  random(bytes: number): Uint8Array {
    this.chance += 1;
    const tab = this.browser.tabs.indexOf(this);
    return new Uint8Array(bytes).map((_, at) => (at === 0 ? tab : this.chance));
  }
  async sha256(text: string): Promise<Uint8Array> {
    return digest(text);
  }
  async send(url: string, form: Record<string, string>) {
    await settled();
    return this.browser.provider.answer(url, form);
  }
  recall(key: string): string | null {
    return this.kept.get(key) ?? null;
  }
  keep(key: string, value: string | null): void {
    if (value === null) this.kept.delete(key);
    else this.kept.set(key, value);
  }
  address(): string {
    return this.place;
  }
  show(path: string): void {
    this.place = new URL(path, ORIGIN).href;
  }
  leave(url: string): void {
    this.left = url;
  }
  open() {
    if (!this.browser.popups) return null;
    return {
      go: (url: string) => {
        this.opened = url;
      },
    };
  }
  close(): void {
    this.closed = true;
  }
  tell(word: Word): void {
    for (const tab of this.browser.tabs) if (tab !== this) tab.listener(structuredClone(word));
  }
  hear(listener: (word: Word) => void): void {
    this.listener = listener;
  }
}
