import { expect, it, vi } from "vitest";

import { filePath, isDownload, mint, mintPath, reportPath } from "./mint.ts";

it("paths are asked for below the API", () => {
  expect(mintPath(reportPath("5d0c"))).toBe("/api/sessions/5d0c/report/link");
  expect(mintPath(filePath("5d0c", 12))).toBe("/api/sessions/5d0c/files/12/link");
});

it("knows a download by its address", () => {
  for (const path of [reportPath("5d0c"), filePath("5d0c", 12)]) expect(isDownload(path)).toBe(true);
  for (const path of ["/", "/sessions", "/sessions/5d0c", "/sessions/5d0c/files", "/sessions/5d0c/report.xlsx/x"]) {
    expect(isDownload(path)).toBe(false);
  }
});

it("does not go round in circles", async () => {
  const answer = { url: reportPath("5d0c"), expires_at: null };
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(answer)));
  await expect(mint(reportPath("5d0c"))).rejects.toThrow("no address");
  vi.unstubAllGlobals();
});
