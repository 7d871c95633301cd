// A scan that was asked for and not yet named by the server: kept by the tab, so that a reload right after the click
// asks for the same scan and not for another one.

import type { StartScan } from "../../contracts.ts";

const KEY = "riffle.starting";

interface Kept {
  start: StartScan;
  /** When the server named it. A reload that began before leads back to the form, however long it takes. */
  namedAt: number | null;
}

let fresh = window.location.pathname === "/";

/** What was asked for before the page was loaded anew. Whoever comes to the form otherwise wants another scan. */
export function pending(): StartScan | null {
  const kept = fresh ? recall() : null;
  fresh = false;
  if (kept && (kept.namedAt === null || wasReloadedBefore(kept.namedAt))) return kept.start;
  forget();
  return null;
}

export function remember(start: StartScan): void {
  // A token is not for storing: who reloads before the scan is named asks anew.
  if (start.token == null) keep({ start, namedAt: null });
}

/** The server has named it. */
export function named(): void {
  const kept = recall();
  if (kept) keep({ ...kept, namedAt: performance.timeOrigin + performance.now() });
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

function wasReloadedBefore(moment: number): boolean {
  const [navigation] = performance.getEntriesByType("navigation");
  const reloaded = (navigation as PerformanceNavigationTiming | undefined)?.type === "reload";
  return reloaded && performance.timeOrigin <= moment;
}

/** 128 bits by chance. */
export function requestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
