import { appendFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

/** Adds a line "passed failed skipped" to the file that TEST_COUNTS names, if any, for .ci/run to sum up. */
export default class CountTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const file = process.env["TEST_COUNTS"];
    if (file === undefined) return;
    const states = modules.flatMap((m) => [...m.children.allTests()].map((t) => t.result().state));
    const count = (state: string): number => states.filter((s) => s === state).length;
    // A file that can't be loaded, or a hook that throws, fails without a failed test to show for it.
    const broken = modules.filter(
      (m) => m.state() === "failed" && ![...m.children.allTests("failed")].length,
    ).length;
    const skipped = count("skipped") + count("pending");
    appendFileSync(file, `${count("passed")} ${count("failed") + broken} ${skipped}\n`);
  }
}
