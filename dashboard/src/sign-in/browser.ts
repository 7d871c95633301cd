// The browser implementation of the world of an identity.

import type { Word, World } from "./identity.ts";

export function browser(): World {
  const channel = new BroadcastChannel("riffle.sign-in");
  return {
    origin: window.location.origin,
    now: () => Date.now(),
    after(milliseconds, call) {
      const timer = window.setTimeout(call, milliseconds);
      return () => window.clearTimeout(timer);
    },
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    sha256: async (text) => new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
    async send(url, form) {
      try {
        const body = new URLSearchParams(form);
        const answer = await fetch(url, { method: "POST", body, credentials: "omit", keepalive: true });
        return { status: answer.status, body: await answer.json().catch(() => null) };
      } catch {
        return { status: 0, body: null };
      }
    },
    recall(key) {
      try {
        return sessionStorage.getItem(key);
      } catch {
        return null;
      }
    },
    keep(key, value) {
      try {
        if (value === null) sessionStorage.removeItem(key);
        else sessionStorage.setItem(key, value);
      } catch {
        // Storage may be full or forbidden: the user then has to sign in again after a reload.
      }
    },
    address: () => window.location.href,
    show: (path) => window.history.replaceState(null, "", path),
    leave: (url, instead) => (instead ? window.location.replace(url) : window.location.assign(url)),
    open() {
      const opened = window.open("about:blank", "_blank", "popup,width=520,height=720");
      return opened && { go: (url) => opened.location.assign(url) };
    },
    close: () => window.close(),
    tell: (word: Word) => channel.postMessage(word),
    hear(listener) {
      channel.onmessage = (event: MessageEvent<Word>) => listener(event.data);
    },
  };
}
