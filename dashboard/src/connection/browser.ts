// The browser as the world of a link.

import { post } from "../api/client.ts";
import type { Ticket } from "../contracts.ts";
import type { Socket, World } from "./link.ts";

export function browser(path: string): World {
  return {
    async open(): Promise<Socket> {
      const { ticket } = await post<Ticket>("/api/tickets", {});
      const address = new URL(path, window.location.href);
      if (address.protocol === "https:") address.protocol = "wss:";
      if (address.protocol === "http:") address.protocol = "ws:";
      address.searchParams.set("ticket", ticket);
      return new WebSocket(address) as Socket;
    },
    now: () => Date.now(),
    after(milliseconds, call) {
      const timer = window.setTimeout(call, milliseconds);
      return () => window.clearTimeout(timer);
    },
    random: () => Math.random(),
  };
}
