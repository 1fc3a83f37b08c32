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

/** How an action of these tests goes; "changed" is what another release made of "plain". */
export type Program = "plain" | "changed";

export interface CrashActionParts {
  readonly ledger: EffectLedger;
  readonly points: CrashPoints;
  readonly program: Program;
  /** Called while the named function runs. */
  readonly during?: ((name: string) => Promise<void>) | undefined;
}

export function crashActionOf(name: string) {
  return defineAction<null, string>({ name, queue: name });
}

/**
 * Two calls of each kind, each of which takes what the one before it gave. Every execution gives another value, so that a
 * call which ran twice, or was seen differently, shows.
 */
export function implementCrashAction(name: string, parts: CrashActionParts): Implementation {
  return crashActionOf(name).implement(async (ctx) => {
    const calls = new LedgerCalls(ctx, parts);
    calls.note("attempt");
    const first = parts.program === "plain" ? "first" : "renamed";
    const a = await calls.completionOnly(first, "start");
    const b = await calls.reconcilable("second", a);
    const c = await calls.completionOnly("third", b);
    const d = await calls.reconcilable("fourth", c);
    return [a, b, c, d].join(" ");
  });
}

class LedgerCalls {
  readonly #ctx: DurableContext;
  readonly #parts: CrashActionParts;

  constructor(ctx: DurableContext, parts: CrashActionParts) {
    this.#ctx = ctx;
    this.#parts = parts;
  }

  async completionOnly(name: string, given: string): Promise<string> {
    const value = await this.#ctx.durableExecute(this.#effect(name), [given]);
    this.note("seen", { name, value });
    return value;
  }

  async reconcilable(name: string, given: string): Promise<string> {
    const { points } = this.#parts;
    const reconciler = async () => {
      const { idempotencyKey } = currentCall();
      points.hit("reconciler.before");
      await Promise.resolve();
      const value = this.#effectOf(idempotencyKey);
      if (value === undefined) this.note("not-started", { name });
      points.hit("reconciler.after");
      return value ?? notStarted();
    };
    const value = await this.#ctx.durableExecute(this.#effect(name), [given], { reconciler });
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
      await during?.(name);
      points.hit(`${name}.before`);
      const value = `${name}-${randomUUID().slice(0, 8)}`;
      this.note("effect", { name, slot, idempotencyKey, given, value });
      points.hit(`${name}.after`);
      return value;
    });
  }

  #effectOf(idempotencyKey: string): string | undefined {
    const effect = this.#parts.ledger
      .read()
      .find((event) => event.kind === "effect" && event["idempotencyKey"] === idempotencyKey);
    return effect === undefined ? undefined : String(effect["value"]);
  }
}
