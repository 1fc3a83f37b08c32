import type { CommitPort, GroupReply } from "@refrain/core";
import { opsOf } from "./group-ops.ts";

export interface CrashPointsOptions {
  /**
   * Where to die: names with the number of the hit, `append.before:3`, comma-separated; without a number the first.
   * Default: the variable REFRAIN_CRASH_AT, so that a test can steer a child process.
   */
  readonly at?: string;
  /** How to die. Default: SIGKILL to this process, from which nothing returns. */
  readonly die?: (point: string) => void;
}

/**
 * Named places at which a process under test kills itself. `wrapPort` gives every kind of write two of them, before it
 * is sent and after it is acknowledged: `claim.before`, `append.after`, `finalize.before`, `settle.after` …
 */
export class CrashPoints {
  readonly #die: (point: string) => void;
  readonly #plan = new Map<string, Set<number>>();
  readonly #hits = new Map<string, number>();

  constructor(options: CrashPointsOptions = {}) {
    this.#die = options.die ?? killThisProcess;
    const plan = options.at ?? process.env["REFRAIN_CRASH_AT"] ?? "";
    for (const entry of plan.split(",").filter((part) => part !== "")) {
      const [name = "", hit = "1"] = entry.split(":");
      this.#plan.set(name, (this.#plan.get(name) ?? new Set()).add(Number(hit)));
    }
  }

  /** Passes a named point, or dies there. */
  hit(point: string): void {
    const hits = (this.#hits.get(point) ?? 0) + 1;
    this.#hits.set(point, hits);
    if (this.#plan.get(point)?.has(hits)) this.#die(point);
  }

  /** The function with the points `<name>.before` and `<name>.after` around it: for a fn or a reconciler. */
  around<A extends unknown[], R>(
    name: string,
    fn: (...args: A) => R | PromiseLike<R>,
  ): (...args: A) => Promise<R> {
    return async (...args) => {
      this.hit(`${name}.before`);
      const result = await fn(...args);
      this.hit(`${name}.after`);
      return result;
    };
  }

  /** For a store's `wrapPort`. */
  readonly wrapPort = (port: CommitPort): CommitPort => ({
    send: async (batch): Promise<readonly GroupReply[]> => {
      for (const op of batch.flatMap(opsOf)) this.hit(`${op}.before`);
      const replies = await port.send(batch);
      for (const op of batch.flatMap(opsOf)) this.hit(`${op}.after`);
      return replies;
    },
  });
}

function killThisProcess(): void {
  process.kill(process.pid, "SIGKILL");
  // The signal may reach another thread first; until it ends the process, this one does nothing more.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
