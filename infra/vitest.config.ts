import { defineConfig } from "vitest/config";

// The engine that starts with every template takes longer than all else here. stack.test.ts asks for it, once.
process.env.CDK_VALIDATION = "false";

export default defineConfig({
  test: {
    // Milliseconds. A template takes seconds to make, many on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // One process for all files, so that a stack which several ask for is made once.
    isolate: false,
    fileParallelism: false,
  },
});
