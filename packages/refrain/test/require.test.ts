import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

// The built package, as a CommonJS program gets it: `npm test` builds it first.
test("a CommonJS program can require the package", () => {
  const program = 'console.log(typeof require("refrain"))';
  const cwd = fileURLToPath(new URL("..", import.meta.url));

  const output = execFileSync(process.execPath, ["--no-warnings", "-e", program], { cwd });

  expect(String(output)).toBe("object\n");
});
