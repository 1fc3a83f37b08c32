import {
  type DivergencePolicy,
  describeDivergence,
  planDivergence,
} from "../decisions/divergence.ts";
import type { AttemptEvent, DroppedCall } from "../ports/attempt.ts";
import { type CallIdentity, idempotencyKey } from "../words/call-identity.ts";
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
  const twins = new Map<string, number>();
  const event = {
    type: "diverged",
    slot: expected.slot,
    expected: expected.functionId,
    found: found?.functionId,
    dropped: dropped.map((call) => droppedCall(divergence, call, twins)),
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

/** @param twins how often each identity was dropped so far */
function droppedCall(
  divergence: Divergence,
  call: CallResult,
  twins: Map<string, number>,
): DroppedCall {
  const { runId, plannedBefore } = divergence;
  const { slot, functionId, argsDigest, status, reopened } = call;
  const identity = `${argsDigest}/${functionId}`;
  const twinsBefore = twins.get(identity) ?? 0;
  twins.set(identity, twinsBefore + 1);
  const earlier = plannedBefore(call) + twinsBefore;
  const key = idempotencyKey(runId, call, { earlier, reopened });
  return { slot, functionId, argsDigest, status, idempotencyKey: key };
}

function identityOf({ functionId, argsDigest }: CallIdentity): CallIdentity {
  return { functionId, argsDigest };
}
