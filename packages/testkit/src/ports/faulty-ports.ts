import type { CommitPort, Group, GroupReply, JournalEntry } from "@refrain/core";
import { opsOf } from "../group-ops.ts";

/** Answers for a store that lost writes it had acknowledged: the n-th write and all after it, until `recover`. */
export class LossyPort implements CommitPort {
  readonly #port: CommitPort;
  #left: number;
  #isRecovered = false;

  /** @param from the first group of writes to lose, from 1 */
  constructor(port: CommitPort, from: number) {
    this.#port = port;
    this.#left = from;
  }

  /** From here on nothing more is lost. */
  recover(): void {
    this.#isRecovered = true;
  }

  async send(batch: readonly Group[]): Promise<readonly GroupReply[]> {
    const kept = batch.filter((group) => group.kind === "claim" || !this.#isLost());
    const replies = kept.length === 0 ? [] : [...(await this.#port.send(kept))];
    return batch.map((group) =>
      kept.includes(group) ? (replies.shift() ?? { word: "missing" }) : { word: "applied" },
    );
  }

  #isLost(): boolean {
    if (this.#isRecovered) return false;
    this.#left -= 1;
    return this.#left <= 0;
  }
}

/** Refuses batches on demand, as a store does that will never apply them. */
export class RefusingPort implements CommitPort {
  readonly #port: CommitPort;
  #refusals: { readonly op: string; readonly error: Error }[] = [];

  constructor(port: CommitPort) {
    this.#port = port;
  }

  /** The next batch that holds such a write is refused, whole. */
  refuseNext(op: JournalEntry["op"], error: Error): void {
    this.#refusals.push({ op, error });
  }

  async send(batch: readonly Group[]): Promise<readonly GroupReply[]> {
    const ops = new Set(batch.flatMap(opsOf));
    const due = this.#refusals.find(({ op }) => ops.has(op));
    if (due === undefined) return this.#port.send(batch);
    this.#refusals = this.#refusals.filter((refusal) => refusal !== due);
    throw due.error;
  }
}

export interface CrashPlan {
  /** The write at which the process dies, from 1. Claims do not count; a group of writes counts once. */
  readonly at: number;
  /** Whether that write still reaches the store. */
  readonly when: "before" | "after";
}

/** The connection of a process that dies at its k-th group of writes: that one and all later ones are never answered. */
export class CrashPort implements CommitPort {
  /** Resolves when the process is dead and its last words have arrived, if they ever do. */
  readonly crashed: Promise<void>;
  readonly #port: CommitPort;
  readonly #plan: CrashPlan;
  #writes = 0;
  #isDead = false;
  #resolve: () => void = () => {};

  /** @param plan where to die of itself; without one the process lives until `crash` */
  constructor(
    port: CommitPort,
    plan: CrashPlan = { at: Number.POSITIVE_INFINITY, when: "before" },
  ) {
    this.#port = port;
    this.#plan = plan;
    this.crashed = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** What a dead process does has no effect: fakes of the outside world look here. */
  get hasCrashed(): boolean {
    return this.#isDead;
  }

  /** Dies now. */
  crash(): void {
    this.#isDead = true;
    this.#resolve();
  }

  async send(batch: readonly Group[]): Promise<readonly GroupReply[]> {
    if (this.#isDead) return never();
    this.#writes += batch.filter((group) => group.kind === "write").length;
    if (this.#writes < this.#plan.at) return this.#answerOf(batch);
    this.#isDead = true;
    if (this.#plan.when === "after") await this.#port.send(batch);
    this.#resolve();
    return never();
  }

  async #answerOf(batch: readonly Group[]): Promise<readonly GroupReply[]> {
    const replies = await this.#port.send(batch);
    return this.#isDead ? never() : replies;
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}
