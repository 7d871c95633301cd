// Lists of the API come in pages; each says where the next one begins.

/** Where a page of a list is asked for. `cursor`: as the page before gave it, `null` for the first. */
export function paged(path: string, cursor: string | null, limit?: number): string {
  const asked = new URLSearchParams();
  if (limit !== undefined) asked.set("limit", String(limit));
  if (cursor !== null) asked.set("cursor", cursor);
  const more = String(asked);
  return more === "" ? path : `${path}${path.includes("?") ? "&" : "?"}${more}`;
}
