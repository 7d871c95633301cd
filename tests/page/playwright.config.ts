import { defineConfig } from "@playwright/test";

/** Debian's Chromium by default. */
const executablePath = process.env.RIFFLE_CHROMIUM ?? "/usr/bin/chromium";

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  // Measurements: scripts/bench page.
  testIgnore: "measure/**",
  // Each test has its own server and state; two at once keep two cores busy.
  workers: 2,
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  retries: 0,
  // No test waits for a fixed time: these timeouts only end tests that can no longer succeed, even on slow machines.
  timeout: 360_000,
  expect: { timeout: 60_000 },
  reporter: [["list"]],
  outputDir: "../../.cache/page/results",
  use: {
    browserName: "chromium",
    headless: true,
    viewport: { width: 1280, height: 900 },
    locale: "en-GB",
    timezoneId: "UTC",
    acceptDownloads: true,
    contextOptions: { reducedMotion: "reduce" },
    trace: "retain-on-failure",
    launchOptions: { executablePath, args: ["--no-sandbox"] },
  },
});
