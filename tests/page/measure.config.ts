import usual from "./playwright.config.ts";

// Measurements, not assertions: `scripts/bench page` runs these one at a time and prints the figures.
export default {
  ...usual,
  testDir: "measure",
  testMatch: "*.spec.ts",
  testIgnore: [],
  workers: 1,
  fullyParallel: false,
  timeout: 3_600_000,
  reporter: [["line"]],
  use: { ...usual.use, trace: "off" as const },
};
