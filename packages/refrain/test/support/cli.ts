import { execFile } from "node:child_process";
import { bundled } from "./bundle.ts";

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const MAIN = new URL("../../src/cli/main.ts", import.meta.url);

/** Runs the command `refrain` in a process of its own. */
export function refrain(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [bundled(MAIN), ...args],
      { env: { ...process.env, ...env } },
      (_error, out, err) => resolve({ code: child.exitCode, out, err }),
    );
  });
}
