// The one identity of the page, where people sign in.

import { createContext, useContext, useSyncExternalStore } from "react";

import { vouch } from "../api/client.ts";
import type { SignIn } from "../contracts.ts";
import { browser } from "./browser.ts";
import { Identity, type State } from "./identity.ts";

let made: Identity | null = null;

/** From now on requests are made in its name. */
export function identityAt(provider: SignIn): Identity {
  if (!made) {
    made = new Identity(provider, browser());
    vouch(made);
  }
  return made;
}

/** `null` where nobody has to sign in. */
export const Current = createContext<Identity | null>(null);

export function useIdentity(): Identity | null {
  return useContext(Current);
}

const nothing = () => () => {};

export function useSignIn(): State | null {
  const identity = useIdentity();
  return useSyncExternalStore(identity?.subscribe ?? nothing, () => identity?.snapshot() ?? null);
}
