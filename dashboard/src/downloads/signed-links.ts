// Signed links to reports and files where plain links cannot carry a token: each click requests a new address.

import { ApiError, post } from "../api/client.ts";
import type { Config, DownloadLink } from "../contracts.ts";

/** Returns whether content is served from another place than the page. */
export function areSigned(config: Config): boolean {
  return config.place === "aws" || (config.sign_in ?? null) !== null;
}

/** Returns the API address that provides the signed link for a path. */
export function linkPath(path: string): string {
  return `/api${path.replace(/\.xlsx$/, "")}/link`;
}

export async function signedLink(path: string): Promise<DownloadLink> {
  const link = await post<DownloadLink>(linkPath(path), {});
  // Following it would open this same page again, without end.
  if (link.url === path) throw new ApiError(500, "No download link", "The server did not return a download link.");
  return link;
}

/** A link that expires is a download, which leaves the page open. One that does not expire may be a page: a new tab. */
export function follow({ url, expires_at: ends }: DownloadLink): void {
  const beside = ends ? null : window.open(url, "_blank");
  if (beside) beside.opener = null;
  else window.location.assign(url);
}
