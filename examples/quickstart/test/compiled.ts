import { execFileSync } from "node:child_process";
import path from "node:path";
import { root } from "./compose-file.ts";

/** Compiles the example unless that is done, for tests that start its processes. Returns where the result is. */
export function compile(): string {
  const tsc = path.join(root, "node_modules/typescript/bin/tsc");
  const project = path.join(root, "examples/quickstart/tsconfig.build.json");
  execFileSync(process.execPath, [tsc, "-b", project], { stdio: "inherit" });
  return path.join(root, "examples/quickstart/dist");
}
