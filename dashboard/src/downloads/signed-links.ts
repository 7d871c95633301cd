// Links to reports and files where they cannot carry a token: an address for the content is asked for with each click.

import { ApiError, post } from "../api/client.ts";
import type { Config, DownloadLink } from "../contracts.ts";

/** Whether the content lies elsewhere than the page. */
export function areSigned(config: Config): boolean {
  return config.place === "aws" || (config.sign_in ?? null) !== null;
}

/** Where a path is asked for. */
export function linkPath(path: string): string {
  return `/api${path.replace(/\.xlsx$/, "")}/link`;
}

export async function signedLink(path: string): Promise<DownloadLink> {
  const link = await post<DownloadLink>(linkPath(path), {});
  // This very page would be opened again, and again.
  if (link.url === path) throw new ApiError(500, "No address", "The server gave no address to download it from.");
  return link;
}

/** Content that is saved leaves the page where it is. What does not end may be a page of its own. */
export function follow({ url, expires_at: ends }: DownloadLink): void {
  const beside = ends ? null : window.open(url, "_blank");
  if (beside) beside.opener = null;
  else window.location.assign(url);
}
