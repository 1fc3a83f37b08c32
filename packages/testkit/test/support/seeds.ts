import {
  argsDigest,
  type Claim,
  type DurableFunction,
  encodeError,
  msgpackCodec,
  pendingCall,
  placeInRun,
  settledCall,
} from "@refrain/core";

const somewhere = placeInRun("error", { action: "act", runId: "run-1" });

/** A call an earlier attempt left in the journal. */
export interface Seed {
  readonly functionId: string;
  readonly args: readonly unknown[];
  readonly status: "PENDING" | "SUCCEEDED" | "FAILED";
  readonly outcome?: unknown;
  /** The stored bytes, where they are not those of `outcome`. */
  readonly payload?: Uint8Array;
  /** Outcomes the action had seen when it asked for this call. Default: all before it. */
  readonly after?: number;
  /** The order in which outcomes were recorded. Default: the order of the slots. */
  readonly seq?: number;
}

type Target = Pick<DurableFunction<never, unknown>, "functionId"> | string;

interface Place {
  readonly after?: number;
  readonly seq?: number;
}

export function pendingSeed(
  target: Target,
  args: readonly unknown[] = [],
  place: Place = {},
): Seed {
  return { functionId: idOf(target), args, status: "PENDING", ...place };
}

export function succeededSeed(
  target: Target,
  outcome: unknown,
  args: readonly unknown[] = [],
  place: Place = {},
): Seed {
  return { functionId: idOf(target), args, status: "SUCCEEDED", outcome, ...place };
}

export function failedSeed(
  target: Target,
  outcome: unknown,
  args: readonly unknown[] = [],
  place: Place = {},
): Seed {
  return { functionId: idOf(target), args, status: "FAILED", outcome, ...place };
}

/** Writes seeds as if an earlier attempt had, one slot each. */
export function seedJournal(claim: Claim, seeds: readonly Seed[]): void {
  let settled = 0;
  for (const [slot, seed] of seeds.entries()) {
    const start = {
      slot,
      functionId: seed.functionId,
      argsDigest: argsDigest(seed.args),
      after: seed.after ?? settled,
      startedAt: 1_900_000_000_000,
    };
    if (seed.status === "PENDING") {
      claim.append(pendingCall(start));
      continue;
    }
    const payload = seed.payload ?? payloadOf(seed);
    const outcome = { status: seed.status, seq: seed.seq ?? settled, tookMs: 1, reconciled: false };
    claim.record(settledCall(start, { ...outcome, payload }));
    settled += 1;
  }
}

function payloadOf({ status, outcome }: Seed): Uint8Array {
  return status === "FAILED"
    ? encodeError(outcome, msgpackCodec, somewhere, {})
    : msgpackCodec.encode(outcome);
}

function idOf(target: Target): string {
  return typeof target === "string" ? target : target.functionId;
}
