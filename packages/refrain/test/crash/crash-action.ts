import { randomUUID } from "node:crypto";
import type { CrashPoints, EffectLedger } from "@refrain/testkit";
import {
  currentCall,
  type DurableContext,
  defineAction,
  durable,
  type Implementation,
  notStarted,
} from "refrain";

/** The calls of an action, by name: one list per parallel branch. An "r" in a name stands for a reconciler. */
export type Program = readonly (readonly string[])[];

/** Three calls of each kind, one after the other. */
export const sequence: Program = [
  ["c-first", "r-first", "c-middle", "r-middle", "c-last", "r-last"],
];

/** Two branches, whose kinds of calls meet. */
export const parallel: Program = [
  ["a-r-first", "a-c-first", "a-r-middle", "a-c-middle", "a-r-last", "a-c-last"],
  ["b-c-first", "b-r-first", "b-c-middle", "b-r-middle", "b-c-last", "b-r-last"],
];

export function isReconcilable(name: string): boolean {
  return name.split("-").includes("r");
}

export interface CrashActionParts {
  readonly ledger: EffectLedger;
  readonly points: CrashPoints;
  readonly program: Program;
  /** The call that another release of the action makes under another name. */
  readonly renamed?: string | undefined;
  /** Called while the named function runs. */
  readonly during?: ((name: string) => void) | undefined;
}

export function crashActionOf(name: string) {
  return defineAction<null, string>({ name, queue: name });
}

/**
 * Each call takes what the one before it in its branch gave. Every execution gives another value, so that a call which ran
 * twice, or was seen differently, shows.
 */
export function implementCrashAction(name: string, parts: CrashActionParts): Implementation {
  return crashActionOf(name).implement(async (ctx) => {
    const calls = new LedgerCalls(ctx, parts);
    calls.note("attempt");
    const branches = parts.program.map(async (names) => {
      const values: string[] = [];
      for (const call of names) values.push(await calls.make(call, values.at(-1) ?? "start"));
      return values;
    });
    return (await Promise.all(branches)).flat().join(" ");
  });
}

class LedgerCalls {
  readonly #ctx: DurableContext;
  readonly #parts: CrashActionParts;

  constructor(ctx: DurableContext, parts: CrashActionParts) {
    this.#ctx = ctx;
    this.#parts = parts;
  }

  async make(called: string, given: string): Promise<string> {
    const name = called === this.#parts.renamed ? `${called}-renamed` : called;
    const options = isReconcilable(name) ? { reconciler: () => this.#reconcile(name) } : {};
    const value = await this.#ctx.durableExecute(this.#effect(name), [given], options);
    this.note("seen", { name, value });
    return value;
  }

  note(kind: string, details: Readonly<Record<string, unknown>> = {}): void {
    const { runId, attempt } = this.#ctx;
    this.#parts.ledger.write({ kind, key: runId, attempt, ...details });
  }

  /** A function whose one effect is a line in the ledger. */
  #effect(name: string) {
    const { points, during } = this.#parts;
    return durable(name, async (given: string) => {
      const { idempotencyKey, slot } = currentCall();
      this.note("begin", { name, slot, idempotencyKey, given });
      during?.(name);
      await Promise.resolve();
      points.hit(`${name}.fn.before`);
      const value = `${name}-${randomUUID().slice(0, 8)}`;
      this.note("effect", { name, slot, idempotencyKey, given, value });
      points.hit(`${name}.fn.after`);
      return value;
    });
  }

  async #reconcile(name: string) {
    const { points } = this.#parts;
    const { idempotencyKey, slot } = currentCall();
    points.hit(`${name}.reconciler.before`);
    await Promise.resolve();
    const value = this.#effectOf(idempotencyKey);
    if (value === undefined) this.note("not-started", { name, slot });
    points.hit(`${name}.reconciler.after`);
    return value ?? notStarted();
  }

  #effectOf(idempotencyKey: string): string | undefined {
    const effect = this.#parts.ledger
      .read()
      .find((event) => event.kind === "effect" && event["idempotencyKey"] === idempotencyKey);
    return effect === undefined ? undefined : String(effect["value"]);
  }
}
