// A scan that was asked for and not yet named by the server: kept by the tab, so that a reload right after the click
// asks for the same scan and not for another one.

import type { StartScan } from "../contracts.ts";

const KEY = "riffle.starting";
/** A reload may be on its way when the server names the scan, and leads back to the form: kept a little longer. */
const KEPT = 5_000;

let fresh = window.location.pathname === "/";

/** What was asked for before the page was loaded anew. Whoever comes to the form later wants another scan. */
export function pending(): StartScan | null {
  const asked = fresh ? recall() : null;
  fresh = false;
  if (asked === null) forget();
  return asked;
}

/** The server has named it. */
export function named(): void {
  fresh = false;
  setTimeout(forget, KEPT);
}

export function remember(start: StartScan): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(start));
  } catch {
    // Storage may be full or forbidden: then a reload just shows an empty form.
  }
}

function recall(): StartScan | null {
  try {
    const kept = sessionStorage.getItem(KEY);
    return kept === null ? null : (JSON.parse(kept) as StartScan);
  } catch {
    return null;
  }
}

export function forget(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept, then.
  }
}

/** 128 bits by chance. */
export function requestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
