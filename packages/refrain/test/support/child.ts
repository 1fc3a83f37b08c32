import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { bundled } from "./bundle.ts";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** A Node process that runs a module of these tests. */
export class Child {
  readonly #process: ChildProcess;
  readonly exited: Promise<Exit>;
  #output = "";

  /** @param module a URL, as `new URL("./child.ts", import.meta.url)` gives it */
  constructor(module: URL, env: Readonly<Record<string, string>> = {}) {
    this.#process = spawn(process.execPath, [bundled(module)], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on("data", (data: Buffer) => {
        this.#output += data.toString();
      });
    }
    this.exited = once(this.#process, "close").then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      output: this.#output,
    }));
  }

  /** What it wrote so far, both streams. */
  get output(): string {
    return this.#output;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }
}
