// Lists of the API are paged; each page contains the cursor of the next one.

/** Returns the address of one page of a list. `cursor`: as returned by the previous page, `null` for the first page. */
export function paged(path: string, cursor: string | null, limit?: number): string {
  const asked = new URLSearchParams();
  if (limit !== undefined) asked.set("limit", String(limit));
  if (cursor !== null) asked.set("cursor", cursor);
  const more = String(asked);
  return more === "" ? path : `${path}${path.includes("?") ? "&" : "?"}${more}`;
}
