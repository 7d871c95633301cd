import { defineConfig } from "vitest/config";

export default defineConfig({
  // Milliseconds. A template takes seconds to make, many on a busy machine.
  test: { testTimeout: 120_000, hookTimeout: 120_000 },
});
