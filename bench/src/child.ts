import { type ChildProcess, fork } from "node:child_process";
import path from "node:path";
import type { Answers, Request } from "./requests.ts";

const PROGRAM = path.join(import.meta.dirname, "worker-process.js");

/** A worker process, seen from outside. */
export class Child {
  // Its log goes nowhere, as that of a service would go to a file; what goes wrong is shown.
  readonly #process: ChildProcess = fork(PROGRAM, {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });

  /** @throws Error when the process ends before it answers. */
  ask<T extends Request["task"]>(request: Request & { readonly task: T }): Promise<Answers[T]> {
    return new Promise((resolve, reject) => {
      const onMessage = (answer: unknown): void => {
        this.#process.off("exit", onExit);
        resolve(answer as Answers[T]);
      };
      const onExit = (code: number | null): void => {
        this.#process.off("message", onMessage);
        reject(new Error(`the process that measures "${request.task}" ended with code ${code}`));
      };
      this.#process.once("message", onMessage);
      this.#process.once("exit", onExit);
      this.#process.send(request);
    });
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.disconnect();
    await ended;
  }
}
