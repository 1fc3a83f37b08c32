import { appendFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

/**
 * Adds to the file that TEST_COUNTS names, if any, a line "passed failed skipped" for .ci/run to sum up, and lines "# ..."
 * that name each failed test and its error: the end of a long log is what is read of it.
 */
export default class CountTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const file = process.env["TEST_COUNTS"];
    if (file === undefined) return;
    const tests = modules.flatMap((m) => [...m.children.allTests()]);
    const count = (...states: string[]): number =>
      tests.filter((t) => states.includes(t.result().state)).length;
    // A file that can't be loaded, or a hook that throws, fails without a failed test to show for it.
    const broken = modules.filter(
      (m) => m.state() === "failed" && ![...m.children.allTests("failed")].length,
    );
    const failed = [
      ...tests.map((t) => failure(t.module, t.fullName, t.result().errors)),
      ...broken.map((m) => failure(m, "(outside its tests)", m.errors())),
    ].flat();
    const counts = [count("passed"), count("failed") + broken.length, count("skipped", "pending")];
    appendFileSync(file, [counts.join(" "), ...failed, ""].join("\n"));
  }
}

function failure(
  module: TestModule,
  test: string,
  errors: readonly { message: string }[] | undefined = [],
): string[] {
  if (errors.length === 0) return [];
  const told = errors.map(({ message }) => message.split("\n").slice(0, 5).join(" | "));
  return [`# ${module.relativeModuleId} > ${test}: ${told.join("; ").slice(0, 600)}`];
}
