import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("./shop-worker.ts", import.meta.url));

/** A worker in a process of its own. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, "exit");
    if (child.stdout === null) throw new Error("the worker's output is not piped");
    createInterface(child.stdout).on("line", (line) => {
      this.#lines.push(line);
      for (const look of this.#waiting) look();
    });
  }

  static async start(redisUrl: string): Promise<WorkerProcess> {
    const sources = ["--conditions=@refrain/source", "--import", "tsx"];
    const child = spawn(process.execPath, [...sources, SCRIPT, redisUrl], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const worker = new WorkerProcess(child);
    await worker.said("ready");
    return worker;
  }

  /** Resolves when the worker has printed this line. */
  async said(line: string): Promise<void> {
    const isSaid = new Promise<void>((resolve) => {
      const look = () => {
        if (!this.#lines.includes(line)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
    const isOver = this.#ended.then(() => {
      throw new Error(`the worker ended before it said "${line}":\n${this.#lines.join("\n")}`);
    });
    await Promise.race([isSaid, isOver]);
  }

  /** Ends it as a crash would; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
