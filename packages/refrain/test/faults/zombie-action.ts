import type { EffectLedger } from "@refrain/testkit";
import { currentCall, defineAction, durable, type Implementation, notStarted } from "refrain";

/** Where a worker stands still for longer than its lock lasts. */
export const stalls = {
  "inside fn, its event loop blocked": { at: "fn", how: "block" },
  "inside fn, stopped by a signal": { at: "fn", how: "stop" },
  "between the mark and fn": { at: "mark", how: "block" },
} as const;
export type Stall = (typeof stalls)[keyof typeof stalls];

export interface ZombieActionParts {
  readonly ledger: EffectLedger;
  readonly by: "zombie" | "survivor";
  /** Called inside fn, before its effect. */
  readonly stall: () => void | Promise<void>;
}

export function payment(name: string) {
  return defineAction<null, string>({ name, queue: name });
}

/** A charge that can be asked about, and a receipt for it. What is outside is lines of a ledger. */
export function implementPayment(name: string, parts: ZombieActionParts): Implementation {
  const { ledger, by, stall } = parts;
  const charge = durable("charge", async () => {
    const { runId, idempotencyKey } = currentCall();
    ledger.write({ kind: "charge begins", key: runId, by });
    await stall();
    ledger.write({ kind: "charge", key: runId, by, idempotencyKey });
    return by;
  });
  const receipt = durable("receipt", (_by: string) => {
    ledger.write({ kind: "receipt begins", key: currentCall().runId, by });
  });
  const reconciler = () => {
    const { runId } = currentCall();
    const found = ledger.read().find(({ kind, key }) => kind === "charge" && key === runId);
    ledger.write({ kind: "looked", key: runId, by });
    return found === undefined ? notStarted() : (found["by"] as ZombieActionParts["by"]);
  };
  return payment(name).implement(async (ctx) => {
    const charged = await ctx.durableExecute(charge, [], { reconciler });
    await ctx.durableExecute(receipt, [charged]);
    return charged;
  });
}

/** Whether the test lets the zombies wake. */
export function mayWake(ledger: EffectLedger, name: string): boolean {
  return ledger.count("wake", name) > 0;
}
