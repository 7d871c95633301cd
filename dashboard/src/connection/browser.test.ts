import { expect, it } from "vitest";

import { address } from "./browser.ts";

it("a path belongs to the page's own server", () => {
  expect(address("/ws", "t", "http://127.0.0.1:8750/scans/1?item=2").href).toBe("ws://127.0.0.1:8750/ws?ticket=t");
  expect(address("/ws", "t", "https://riffle.example/").href).toBe("wss://riffle.example/ws?ticket=t");
});

it("a full address is unchanged", () => {
  const gateway = "wss://abc.execute-api.eu-central-1.amazonaws.com/live";
  expect(address(gateway, "a b&c", "https://riffle.example/scans/1").href).toBe(`${gateway}?ticket=a+b%26c`);
});

it("parameters of the address are kept", () => {
  expect(address("wss://gateway.example/live?stage=1", "t", "https://riffle.example/").search).toBe(
    "?stage=1&ticket=t",
  );
});
