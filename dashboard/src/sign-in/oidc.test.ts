import { describe, expect, it } from "vitest";

import { ORIGIN, SIGN_IN, token } from "../testing/provider.ts";
import { authorizeUrl, logoutUrl, returned, tokens, whose } from "./oidc.ts";

const sha256 = async (text: string) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));

it("requests a code with a challenge, as in RFC 7636", async () => {
  const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const url = new URL(await authorizeUrl(SIGN_IN, ORIGIN, { state: "s", nonce: "n", verifier, path: "/" }, sha256));
  expect(url.origin + url.pathname).toBe(SIGN_IN.authorize_url);
  expect(Object.fromEntries(url.searchParams)).toEqual({
    response_type: "code",
    client_id: "page",
    redirect_uri: "https://riffle.example/",
    scope: "openid email",
    state: "s",
    nonce: "n",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
  });
});

it("the logout leads back to the page", () => {
  expect(logoutUrl(SIGN_IN, ORIGIN)).toBe(
    "https://login.example/logout?client_id=page&logout_uri=https%3A%2F%2Friffle.example%2F",
  );
});

it("recognises the callback address", () => {
  expect(returned(`${ORIGIN}/?code=c&state=s`)).toEqual({ state: "s", code: "c" });
  expect(returned(`${ORIGIN}/?error=e&error_description=d&state=s`)).toEqual({
    state: "s",
    error: "e",
    description: "d",
  });
  for (const other of ["/", "/?code=c", "/?state=s", "/scans/1?code=c&state=s"]) {
    expect(returned(ORIGIN + other)).toBeNull();
  }
});

describe("a token", () => {
  const good = { aud: "page", sub: "0f-1", nonce: "n" };

  it("identifies the user", () => {
    expect(whose(token({ ...good, email: "ä@b.c", "custom:tenant": "acme" }), SIGN_IN, "n")).toEqual({
      subject: "0f-1",
      name: "ä@b.c",
      tenant: "acme",
    });
    expect(whose(token({ aud: ["other", "page"], sub: "0f-1" }), SIGN_IN, null)).toEqual({
      subject: "0f-1",
      name: "0f-1",
      tenant: "0f-1",
    });
  });

  it("must be for this page and this sign-in, and name a user", () => {
    const bad = [
      { ...good, aud: "other" },
      { ...good, nonce: "m" },
      { aud: "page", sub: "0f-1" },
      { ...good, sub: "" },
    ];
    for (const claims of bad) expect(() => whose(token(claims), SIGN_IN, "n")).toThrow(/sign-in service/);
    for (const text of ["", "a.b.c", "..", "é"]) expect(() => whose(text, SIGN_IN, "n")).toThrow(/sign-in service/);
  });

  it("must have a lifetime", () => {
    expect(tokens({ id_token: "t", expires_in: 60, refresh_token: "r" })).toEqual({ id: "t", refresh: "r", life: 60 });
    expect(tokens({ id_token: "t", expires_in: 60 }, "before").refresh).toBe("before");
    for (const answer of [null, "t", {}, { id_token: "t" }, { id_token: "t", expires_in: 0 }, { expires_in: 60 }]) {
      expect(() => tokens(answer)).toThrow();
    }
  });
});
