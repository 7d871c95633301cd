import { expect, it } from "vitest";

import { isDeletable, lossesOf } from "./delete-dialog.tsx";

it("a scan that runs is not to be deleted", () => {
  for (const state of ["LISTING", "DISPATCHING", "RUNNING", "FINALIZING"] as const) {
    expect(isDeletable(state), state).toBe(false);
  }
  for (const state of ["COMPLETE", "FAILED", "CANCELLED"] as const) expect(isDeletable(state), state).toBe(true);
});

it("uploaded files are named only where they go too", () => {
  expect(lossesOf({ uploaded: true }).join()).toContain("uploaded");
  expect(lossesOf({ uploaded: false }).join()).not.toContain("uploaded");
});
