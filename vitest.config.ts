import { defineConfig } from "vitest/config";

// Tests run against the sources of the other packages, so nothing is built first.
const conditions = ["@refrain/source", "node", "import", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["{packages,examples}/*/test/**/*.test.ts", "bench/test/**/*.test.ts"],
    // Tests start Redis servers and worker processes of their own: many files at once only slow each other down.
    maxWorkers: 3,
    // Files that share a process load what they test once, which took more CPU time than many of the tests.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ["default", "./scripts/count-tests.ts"],
  },
});
