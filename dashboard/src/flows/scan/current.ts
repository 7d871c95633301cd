// The one session that the page follows. It survives the navigation from "new scan" to the session's own address.

import { useEffect, useState, useSyncExternalStore } from "react";

import { get } from "../../api/client.ts";
import { paged } from "../../api/paging.ts";
import { browser } from "../../connection/browser.ts";
import { TIMING } from "../../connection/link.ts";
import type { Config, FailurePage, MatchPage, ScanDetail, StartScan } from "../../contracts.ts";
import { scanPath } from "./addresses.ts";
import { type Api, Session, type View, type Wanted } from "./session.ts";

const PAGE = 5_000;
/** Least milliseconds between two renders of a growing table. */
const BETWEEN_PICTURES = 250;

const api: Api = {
  detail: (id) => get<ScanDetail>(scanPath(id)),
  matches: (id, cursor) => get<MatchPage>(paged(scanPath(id, "/matches"), cursor, PAGE)),
  failures: (id, cursor) => get<FailurePage>(paged(scanPath(id, "/failures"), cursor, PAGE)),
};

let current: Session | null = null;

function make(wanted: Wanted, config: Config): Session {
  current?.close();
  // Replaced well before the gateway closes it.
  const replaceAfter = Math.max(1, config.socket.max_age_seconds * 0.75) * 1000;
  current = new Session(wanted, browser(config.socket.path), api, paced(), { ...TIMING, replaceAfter });
  current.open();
  return current;
}

/** Schedules callbacks before the next frame, but limits their rate, because each one sorts all rows again. */
function paced(): (call: () => void) => void {
  let last = 0;
  return (call) => {
    const run = () => {
      last = performance.now();
      call();
    };
    const wait = last + BETWEEN_PICTURES - performance.now();
    // A hidden tab gets no animation frames but must continue.
    if (wait > 0 || document.hidden) setTimeout(run, Math.max(wait, 0));
    else requestAnimationFrame(run);
  };
}

/** Requests a scan. */
export function begin(start: StartScan, config: Config): Session {
  return make({ start }, config);
}

/** Returns the session with this id, and starts to follow it if needed. */
export function useSession(id: string, config: Config): Session {
  const [session, setSession] = useState(() => (current?.snapshot().id === id ? current : make({ id }, config)));
  useEffect(() => {
    if (session.snapshot().id !== id) setSession(current?.snapshot().id === id ? current : make({ id }, config));
  }, [session, id, config]);
  return session;
}

export function leave(): void {
  current?.close();
  current = null;
}

export function useView(session: Session): View {
  return useSyncExternalStore(session.subscribe, session.snapshot);
}
