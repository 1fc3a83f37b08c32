import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { FromWorker, MemoryFigures, ToWorker } from "./messages.ts";

const PROGRAM = path.join(import.meta.dirname, "worker.js");
const MEASURE_WITHIN_MS = 10_000;

export interface FleetOptions {
  readonly size: number;
  /** Of the worker program. */
  readonly args: readonly string[];
  /** Hears everything but memory figures. */
  readonly onMessage: (message: FromWorker, pid: number, answer: (to: ToWorker) => void) => void;
}

/** Worker processes. The first is never killed; the others are, and replaced at once. */
export class Fleet {
  kills = 0;
  /** Processes that ended though nobody killed them. */
  readonly accidents: string[] = [];
  readonly #options: FleetOptions;
  readonly #members: ChildProcess[] = [];
  readonly #killed = new Set<number>();
  #isClosing = false;

  private constructor(options: FleetOptions) {
    this.#options = options;
  }

  static async start(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options);
    await Promise.all(Array.from({ length: options.size }, (_, place) => fleet.#fill(place)));
    return fleet;
  }

  wasKilled(pid: number): boolean {
    return this.#killed.has(pid);
  }

  /** Ends one of those that may be killed, in the middle of whatever it does. */
  kill(): void {
    const victim = this.#members[1 + Math.floor(Math.random() * (this.#members.length - 1))];
    if (victim?.pid === undefined || victim.exitCode !== null || victim.signalCode !== null) return;
    this.#killed.add(victim.pid);
    this.kills += 1;
    victim.kill("SIGKILL");
  }

  /** What the process takes that is never killed. */
  async memory(): Promise<MemoryFigures> {
    const [first] = this.#members;
    if (first === undefined) throw new Error("the fleet has no members");
    const signal = AbortSignal.timeout(MEASURE_WITHIN_MS);
    const told = new Promise<MemoryFigures>((resolve, reject) => {
      const onMessage = (message: FromWorker): void => {
        if (message.kind !== "memory") return;
        first.off("message", onMessage);
        resolve(message);
      };
      first.on("message", onMessage);
      signal.addEventListener("abort", () => reject(new Error("a worker no longer answers")));
    });
    send(first, { kind: "measure" });
    return told;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all(
      this.#members.map(async (member) => {
        if (member.exitCode !== null || member.signalCode !== null) return;
        const ended = once(member, "exit");
        send(member, { kind: "close" });
        await ended;
      }),
    );
  }

  async #fill(place: number): Promise<void> {
    const { args, onMessage } = this.#options;
    const member = fork(PROGRAM, [...args], {
      execArgv: ["--expose-gc", "--enable-source-maps"],
      // Its log goes nowhere, as that of a service would go to a file; what goes wrong is shown.
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#members[place] = member;
    const pid = member.pid ?? 0;
    let isReady = false;
    member.on("message", (message: FromWorker) => {
      if (message.kind !== "memory") onMessage(message, pid, (to) => send(member, to));
    });
    member.once("exit", (code, signal) => {
      if (this.#isClosing) return;
      const isAccident = !this.#killed.has(pid);
      if (isAccident) this.accidents.push(`a worker ended by itself: ${signal ?? code}`);
      // One that cannot even start would not do better the next time.
      if (isAccident && !isReady) return;
      this.#fill(place).catch((error: Error) => this.accidents.push(error.message));
    });
    await new Promise<void>((resolve) => {
      member.on("message", ({ kind }: FromWorker) => {
        if (kind !== "ready") return;
        isReady = true;
        resolve();
      });
      member.once("exit", () => resolve());
    });
  }
}

function send(member: ChildProcess, message: ToWorker): void {
  // Whoever was killed meanwhile needs no answer.
  if (member.connected) member.send(message, () => {});
}
