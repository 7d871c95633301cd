// Parses what users paste for a Google Drive folder.

const ID = /^[A-Za-z0-9_-]{1,128}$/;
const TOKEN = /^[\x21-\x7e]{1,4096}$/;

/** Returns the id in a folder's address, or an id itself; `null` if the text is neither. */
export function folderId(text: string): string | null {
  const given = text.trim();
  if (ID.test(given)) return given;
  if (!URL.canParse(given)) return null;
  const url = new URL(given);
  if (url.protocol !== "https:" || url.hostname !== "drive.google.com") return null;
  const parts = url.pathname.split("/");
  const at = parts.indexOf("folders");
  const id = at >= 0 ? parts[at + 1] : url.searchParams.get("id");
  if (id && ID.test(id)) return id;
  return parts.includes("my-drive") ? "root" : null;
}

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}
