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
  /** The action ended by throwing: its run fails and keeps its calls, so there is nothing to clear. */
  readonly hasThrown?: boolean;
}

/** What to announce, and the error the run fails with; without one, the attempt goes on as the verdict says. */
export interface DivergenceVerdict {
  readonly event: AttemptEvent & { readonly type: "diverged" };
  readonly error: DivergenceError | undefined;
}

/** Judges a divergence and puts it into words; pure. */
export function judgeDivergence(divergence: Divergence): DivergenceVerdict {
  const { runId, policy, clears, dropped, found, hasThrown = false } = divergence;
  const [expected] = dropped;
  const plan = planDivergence(policy, dropped, clears);
  const event = {
    type: "diverged",
    slot: expected.slot,
    expected: expected.functionId,
    found: found?.functionId,
    dropped: dropped.map((call) => droppedCall(runId, call)),
    verdict: plan.kind === "fail" ? "failed" : hasThrown ? "kept" : "cleared",
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

function droppedCall(runId: string, call: CallResult): DroppedCall {
  const { slot, functionId, argsDigest, status } = call;
  return {
    slot,
    functionId,
    argsDigest,
    status,
    idempotencyKey: idempotencyKey(runId, call, call),
  };
}

function identityOf({ functionId, argsDigest }: CallIdentity): CallIdentity {
  return { functionId, argsDigest };
}
