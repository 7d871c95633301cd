// OpenID Connect with an authorization code and PKCE, as far as a page needs it: the requests, and the validation of
// the answers. Independent of browsers.

import type { SignIn } from "../contracts.ts";

/** A sign-in in progress, against which the answer is validated. */
export interface Asked {
  state: string;
  nonce: string;
  verifier: string;
  /** Path to return to. */
  path: string;
}

/** The parameters of the callback address. */
export type Returned = { state: string; code: string } | { state: string; error: string; description: string };

/** The signed-in user, from the claims of the token. */
export interface Who {
  subject: string;
  /** Display name. */
  name: string;
  /** The tenant whose files and scans the user sees. */
  tenant: string;
}

export interface Tokens {
  id: string;
  /** Refresh token. */
  refresh: string | null;
  /** Lifetime in seconds from the answer on. */
  life: number;
}

/** An unusable answer of the sign-in service. The message is for users. */
export class Refused extends Error {}

/** Random bytes in the state, nonce and verifier. */
export const CHANCE = 32;

export async function authorizeUrl(
  provider: SignIn,
  origin: string,
  asked: Asked,
  sha256: (text: string) => Promise<Uint8Array>,
): Promise<string> {
  const url = new URL(provider.authorize_url);
  const said = {
    response_type: "code",
    client_id: provider.client_id,
    redirect_uri: redirectUri(origin),
    scope: provider.scope,
    state: asked.state,
    nonce: asked.nonce,
    code_challenge: base64url(await sha256(asked.verifier)),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(said)) url.searchParams.set(name, value);
  return url.href;
}

/** Returns the address that ends the sign-in at the provider and returns here. The parameter names are Cognito's. */
export function logoutUrl(provider: SignIn, origin: string): string {
  const url = new URL(provider.logout_url);
  url.searchParams.set("client_id", provider.client_id);
  url.searchParams.set("logout_uri", redirectUri(origin));
  return url.href;
}

export function redirectUri(origin: string): string {
  return `${origin}/`;
}

/** Returns the callback parameters; `null` for any other address. */
export function returned(address: string): Returned | null {
  const { pathname, searchParams: said } = new URL(address);
  const state = said.get("state");
  if (pathname !== "/" || state === null) return null;
  const code = said.get("code");
  if (code !== null) return { state, code };
  const error = said.get("error");
  return error === null ? null : { state, error, description: said.get("error_description") ?? "" };
}

export function codeForm(provider: SignIn, origin: string, asked: Asked, code: string): Record<string, string> {
  return {
    grant_type: "authorization_code",
    client_id: provider.client_id,
    code,
    redirect_uri: redirectUri(origin),
    code_verifier: asked.verifier,
  };
}

export function refreshForm(provider: SignIn, refresh: string): Record<string, string> {
  return { grant_type: "refresh_token", client_id: provider.client_id, refresh_token: refresh };
}

/** Returns the form that revokes a refresh token and the tokens issued with it. */
export function revokeForm(provider: SignIn, refresh: string): Record<string, string> {
  return { token: refresh, token_type_hint: "refresh_token", client_id: provider.client_id };
}

/** Returns the tokens of an answer. The answer to a refresh may omit the refresh token, which then stays the same. */
export function tokens(answer: unknown, before: string | null = null): Tokens {
  const said = fields(answer);
  const life = Number(said.expires_in);
  if (typeof said.id_token !== "string" || !(life > 0)) throw new Refused("The sign-in service returned no token.");
  return { id: said.id_token, refresh: text(said.refresh_token) ?? before, life };
}

/**
 * Returns the user of a token. The API verifies the signature: the page received the token directly from the provider
 * over TLS (OpenID Connect Core, 3.1.3.7, 6). `nonce` is that of the sign-in; a refreshed token need not have one.
 */
export function whose(token: string, provider: SignIn, nonce: string | null): Who {
  const said = claims(token);
  const audience = Array.isArray(said.aud) ? said.aud : [said.aud];
  const subject = text(said.sub);
  if (!audience.includes(provider.client_id) || subject === null) {
    throw new Refused("The sign-in service returned a token that is not for this page.");
  }
  if (said.nonce !== undefined ? nonce !== null && said.nonce !== nonce : nonce !== null) {
    throw new Refused("The sign-in service returned a token from another sign-in.");
  }
  return {
    subject,
    name: text(said.email) ?? text(said.name) ?? subject,
    tenant: text(said["custom:tenant"]) ?? subject,
  };
}

function claims(token: string): Record<string, unknown> {
  try {
    const body = token.split(".")[1] ?? "";
    const bytes = atob(body.replaceAll("-", "+").replaceAll("_", "/"));
    return fields(JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)))));
  } catch {
    throw new Refused("The sign-in service returned a token that cannot be read.");
  }
}

export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
