import {
  type DivergencePolicy,
  describeDivergence,
  planDivergence,
} from "../decisions/divergence.ts";
import type { AttemptEvent, DroppedCall } from "../ports/attempt.ts";
import { type CallIdentity, idempotencyKey, sameIdentity } from "../words/call-identity.ts";
import type { CallResult } from "../words/call-result.ts";
import { DivergenceError } from "../words/errors.ts";

/** A divergence, as the attempt ran into it. */
export interface Divergence {
  readonly runId: string;
  readonly policy: DivergencePolicy;
  /** How often the run was cleared before. */
  readonly clears: number;
  /** What a clear would take, ascending by slot; the first is the one that did not match. Never empty. */
  readonly dropped: readonly [CallResult, ...CallResult[]];
  /** What the action asks for there; undefined when it ended without asking. */
  readonly found: CallIdentity | undefined;
  /** How many calls of an identity the run had planned before the slot. */
  readonly plannedBefore: (identity: CallIdentity) => number;
}

/** What to announce, and the error the run fails with; without one, the journal is to be cleared. */
export interface DivergenceVerdict {
  readonly event: AttemptEvent & { readonly type: "diverged" };
  readonly error: DivergenceError | undefined;
}

/** Judges a divergence and puts it into words; pure. */
export function judgeDivergence(divergence: Divergence): DivergenceVerdict {
  const { runId, policy, clears, dropped, found } = divergence;
  const [expected] = dropped;
  const plan = planDivergence(policy, dropped, clears);
  const event = {
    type: "diverged",
    slot: expected.slot,
    expected: expected.functionId,
    found: found?.functionId,
    dropped: dropped.map((call, index) => droppedCall(divergence, call, index)),
    verdict: plan.kind === "clear" ? "cleared" : "failed",
    clears,
  } as const;
  if (plan.kind === "clear") return { event, error: undefined };
  const message = `${describeDivergence(runId, expected, found)}. The run fails: ${plan.why}`;
  const details = { slot: expected.slot, expected: identityOf(expected) };
  const error = new DivergenceError(message, {
    ...details,
    ...(found === undefined ? {} : { found: identityOf(found) }),
  });
  return { event, error };
}

function droppedCall(divergence: Divergence, call: CallResult, index: number): DroppedCall {
  const { runId, dropped, plannedBefore } = divergence;
  const twins = dropped.slice(0, index).filter((other) => sameIdentity(other, call)).length;
  const { slot, functionId, argsDigest, status, reopened } = call;
  const earlier = plannedBefore(call) + twins;
  const key = idempotencyKey(runId, call, { earlier, reopened });
  return { slot, functionId, argsDigest, status, idempotencyKey: key };
}

function identityOf({ functionId, argsDigest }: CallIdentity): CallIdentity {
  return { functionId, argsDigest };
}
