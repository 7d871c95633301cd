import { defineConfig } from "@playwright/test";

/** Debian's browser, or another one. */
const executablePath = process.env.RIFFLE_CHROMIUM ?? "/usr/bin/chromium";

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  // Figures: scripts/bench page.
  testIgnore: "measure/**",
  // Each test has a server and a state of its own; two at once keep two cores busy.
  workers: 2,
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  retries: 0,
  // Nothing waits for a time to pass: these only end what will never come, on the slowest machine too.
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
