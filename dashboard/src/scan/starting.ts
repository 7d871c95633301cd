// A scan that was asked for and not yet named by the server: kept by the tab, so that a reload right after the click
// asks for the same scan and not for another one.

import type { StartScan } from "../contracts.ts";

const KEY = "riffle.starting";

export function remember(start: StartScan): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(start));
  } catch {
    // Storage may be full or forbidden: then a reload just shows an empty form.
  }
}

export function recall(): StartScan | null {
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
