import { expect, it, vi } from "vitest";

import { filePath, reportPath } from "../flows/scan/addresses.ts";
import { linkPath, signedLink } from "./signed-links.ts";

it("paths are requested below the API", () => {
  expect(linkPath(reportPath("5d0c"))).toBe("/api/scans/5d0c/report/link");
  expect(linkPath(filePath("5d0c", 12))).toBe("/api/scans/5d0c/files/12/link");
});

it("does not follow a link to the page itself", async () => {
  const answer = { url: reportPath("5d0c"), expires_at: null };
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(answer)));
  await expect(signedLink(reportPath("5d0c"))).rejects.toThrow("did not return a download link");
  vi.unstubAllGlobals();
});
