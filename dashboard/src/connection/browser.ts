// The browser implementation of the world of a link.

import { post } from "../api/client.ts";
import type { Ticket } from "../contracts.ts";
import { type Socket, TIMING, type World } from "./link.ts";

export function browser(path: string): World {
  return {
    async open(): Promise<Socket> {
      // A link gives up after this time, even while the ticket request waits for the user to sign in.
      const { ticket } = await post<Ticket>("/api/tickets", {}, AbortSignal.timeout(TIMING.openWithin));
      return new WebSocket(address(path, ticket, window.location.href)) as Socket;
    },
    now: () => Date.now(),
    after(milliseconds, call) {
      const timer = window.setTimeout(call, milliseconds);
      return () => window.clearTimeout(timer);
    },
    random: () => Math.random(),
  };
}

/** `path`: relative to the page, or a full URL, such as that of a stage of API Gateway. */
export function address(path: string, ticket: string, page: string): URL {
  const url = new URL(path, page);
  if (url.protocol === "https:") url.protocol = "wss:";
  if (url.protocol === "http:") url.protocol = "ws:";
  url.searchParams.set("ticket", ticket);
  return url;
}
