// A requested scan that has no id from the server yet, kept in the session storage, so that a reload right after the
// click requests the same scan and not another one.

import type { StartScan } from "../../contracts.ts";

const KEY = "riffle.starting";

interface Kept {
  start: StartScan;
  /** Whether the server has sent its id. */
  named: boolean;
}

let fresh = window.location.pathname === "/";

/** Returns the scan that was requested before a reload; `null` if the form was opened in another way. */
export function pending(): StartScan | null {
  const kept = fresh ? recall() : null;
  fresh = false;
  // A reload that the browser began before it learnt of the scan's address opens the form again, and the form
  // continues the scan. No comparison of times can tell this: the page may have the id first.
  if (kept && (!kept.named || wasReloaded())) return kept.start;
  forget();
  return null;
}

export function remember(start: StartScan): void {
  // A token must not be stored: after an early reload the user has to start again.
  if (start.token == null) keep({ start, named: false });
}

/** Records that the server has sent the id. */
export function named(): void {
  const kept = recall();
  if (kept) keep({ ...kept, named: true });
}

export function forget(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Then nothing was stored either.
  }
}

function keep(kept: Kept): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Storage may be full or forbidden: a reload then shows an empty form.
  }
}

function recall(): Kept | null {
  try {
    const kept = sessionStorage.getItem(KEY);
    return kept === null ? null : (JSON.parse(kept) as Kept);
  } catch {
    return null;
  }
}

function wasReloaded(): boolean {
  const [navigation] = performance.getEntriesByType("navigation");
  return (navigation as PerformanceNavigationTiming | undefined)?.type === "reload";
}

/** Returns 128 random bits as hexadecimal digits. */
export function requestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
