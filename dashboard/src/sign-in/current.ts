// The one identity of the page, where sign-in is required.

import { createContext, useContext, useSyncExternalStore } from "react";

import { vouch } from "../api/client.ts";
import type { SignIn } from "../contracts.ts";
import { browser } from "./browser.ts";
import { Identity, type State } from "./identity.ts";

let made: Identity | null = null;

/** Returns the identity of the page, and makes all requests carry its token. */
export function identityAt(provider: SignIn): Identity {
  if (!made) {
    made = new Identity(provider, browser());
    vouch(made);
  }
  return made;
}

/** `null` where no sign-in is required. */
export const Current = createContext<Identity | null>(null);

export function useIdentity(): Identity | null {
  return useContext(Current);
}

const nothing = () => () => {};

export function useSignIn(): State | null {
  const identity = useIdentity();
  return useSyncExternalStore(identity?.subscribe ?? nothing, () => identity?.snapshot() ?? null);
}
