// A scan that was asked for and not yet named by the server: kept by the tab, so that a reload right after the click
// asks for the same scan and not for another one.

import type { StartScan } from "../../contracts.ts";

const KEY = "riffle.starting";
/** A reload may be on its way when the server names the scan, and leads back to the form: kept a little longer. */
const KEPT = 5_000;

interface Kept {
  start: StartScan;
  named: boolean;
}

let fresh = window.location.pathname === "/";

/** What was asked for before the page was loaded anew. Whoever comes to the form otherwise wants another scan. */
export function pending(): StartScan | null {
  const kept = fresh ? recall() : null;
  fresh = false;
  if (kept && (!kept.named || wasReloaded())) return kept.start;
  forget();
  return null;
}

export function remember(start: StartScan): void {
  // A token is not for storing: who reloads before the scan is named asks anew.
  if (start.token == null) keep({ start, named: false });
}

/** The server has named it. */
export function named(): void {
  const kept = recall();
  if (kept) keep({ ...kept, named: true });
  setTimeout(forget, KEPT);
}

export function forget(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept, then.
  }
}

function keep(kept: Kept): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Storage may be full or forbidden: then a reload just shows an empty form.
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

/** 128 bits by chance. */
export function requestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
