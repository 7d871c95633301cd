import { expect, it } from "vitest";

import type { SessionState } from "../../contracts.ts";
import { isOver } from "./session.ts";
import { detailWords, lossesOf, noFailureWords, partlyWords, phaseOf, stateOf, verdictWords } from "./words.ts";

it("a running scan cannot be deleted", () => {
  for (const state of ["LISTING", "DISPATCHING", "RUNNING", "FINALIZING"] as const) {
    expect(isOver(state), state).toBe(false);
  }
  for (const state of ["COMPLETE", "FAILED", "CANCELLED"] as const) expect(isOver(state), state).toBe(true);
});

it("uploaded files are listed only if they are deleted too", () => {
  expect(lossesOf({ uploaded: true }).join()).toContain("uploaded");
  expect(lossesOf({ uploaded: false }).join()).not.toContain("uploaded");
});

it("has a state that all flows share, and the step of the scan if it says more", () => {
  const stateFrom = (state: SessionState, paused = false) => stateOf(phaseOf(state, paused));
  expect(stateFrom("LISTING")).toBe("queued");
  expect(stateFrom("DISPATCHING")).toBe("running");
  expect(stateFrom("FINALIZING")).toBe("running");
  expect(stateFrom("RUNNING", true)).toBe("paused");
  expect(stateFrom("COMPLETE", true)).toBe("done");
  expect(stateFrom("FAILED")).toBe("failed");
  expect(stateFrom("CANCELLED")).toBe("cancelled");
  expect(detailWords("finalizing")).toBe("Writing the report");
  expect(detailWords(phaseOf("RUNNING", true))).toBe("Waiting for an access token");
  expect(detailWords("complete")).toBeNull();
});

it("the verdict says what was found and what was not read", () => {
  const [clean, failed] = [
    { matches: 1, processed: 2, failed: 0 },
    { matches: 12, processed: 1, failed: 1 },
  ];
  expect(verdictWords(clean, 0)).toBe("1 match in 2 files, all files read.");
  expect(verdictWords(clean, 2)).toBe("1 match in 2 files, 2 only partly read.");
  expect(verdictWords(clean, null)).toBe("1 match in 2 files.");
  expect(verdictWords(failed, 0)).toBe("12 matches in 1 file, 1 not read.");
  expect(verdictWords({ matches: 0, processed: 0, failed: 0 }, 0)).toBe("No files were found.");
  expect(verdictWords(failed, 3)).toBe("12 matches in 1 file, 1 not read, 3 only partly read.");
});

it("says that every file was read only if that is certain", () => {
  expect(noFailureWords("RUNNING", null).title).toBe("No failed files so far");
  expect(noFailureWords("COMPLETE", 0).title).toBe("All files were read");
  expect(noFailureWords("COMPLETE", null).title).toBe("No files failed");
  expect(noFailureWords("COMPLETE", 1)).toMatchObject({ title: "No files failed", text: partlyWords(1) });
  for (const state of ["CANCELLED", "FAILED"] as const) {
    expect(noFailureWords(state, null).title).toBe("No files had failed when the scan ended");
  }
});
