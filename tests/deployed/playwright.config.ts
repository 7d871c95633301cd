import { defineConfig } from "@playwright/test";

/** Debian's browser, or another one. */
const executablePath = process.env.RIFFLE_CHROMIUM ?? "/usr/bin/chromium";

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  // One stack for all: tests take rights away, fail its tables and kill its functions.
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  retries: 0,
  timeout: 240_000,
  expect: { timeout: 30_000 },
  reporter: [["list"]],
  outputDir: "../../.cache/deployed/results",
  use: {
    browserName: "chromium",
    headless: true,
    viewport: { width: 1280, height: 900 },
    locale: "en-GB",
    timezoneId: "UTC",
    acceptDownloads: true,
    // The emulator's certificate is its own.
    ignoreHTTPSErrors: true,
    contextOptions: { reducedMotion: "reduce" },
    trace: "retain-on-failure",
    launchOptions: { executablePath, args: ["--no-sandbox"] },
  },
});
