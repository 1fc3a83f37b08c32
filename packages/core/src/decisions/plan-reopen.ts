import { sameIdentity } from "../words/call-identity.ts";
import {
  type CallResult,
  type FailedCall,
  type PendingCall,
  pendingCall,
} from "../words/call-result.ts";
import type { Codec } from "../words/codec.ts";
import type { ReopenedCall } from "../words/reopened-calls.ts";
import { hasCode } from "../words/thrown.ts";
import { reviveError } from "./error-payload.ts";

/** A call can be reopened this often: its record has one byte for it. */
export const MAX_REOPENED = 255;

/** What of a run decides how it is reopened. */
interface RunToReopen {
  readonly runId: string;
  readonly action: string;
  readonly status: string;
  readonly outcome: { readonly failedSlot: number | undefined } | undefined;
  readonly calls: readonly CallResult[];
  readonly reopened: readonly ReopenedCall[];
}

/** What to do about a run that a person wants retried. */
export type ReopenPlan =
  /** Its failed call becomes `call`, in its slot; without one the action runs on from what is recorded. */
  | {
      readonly kind: "reopen";
      readonly call: PendingCall | undefined;
      /** All calls of the run that were ever reopened, this one included. */
      readonly reopened: readonly ReopenedCall[];
    }
  /** Only runs that failed can be reopened. */
  | { readonly kind: "not-failed" }
  /** Nobody can be asked about the call, and it took effect, or may have: its outcome says that it could not be stored. */
  | { readonly kind: "needs-force"; readonly call: FailedCall }
  | { readonly kind: "too-often"; readonly call: FailedCall };

/**
 * Decides how a run is reopened; pure. Only the call whose error the run failed with is touched: one that had a reconciler is
 * asked about, one that had none runs again. Every other call stays, and so does a failed one that the action caught.
 */
export function planReopen(run: RunToReopen, codec: Codec, force: boolean): ReopenPlan {
  const { status, outcome, calls, reopened } = run;
  if (status !== "FAILED") return { kind: "not-failed" };
  const failed = calls.find((call) => call.slot === outcome?.failedSlot);
  // A poison run may name a call that was started and has no outcome: it is asked about anyway, under the key it has.
  if (failed?.status !== "FAILED") return { kind: "reopen", call: undefined, reopened };
  if (!failed.reconcilable && !force && mayHaveTakenEffect(run, failed, codec)) {
    return { kind: "needs-force", call: failed };
  }
  const before = reopened.find((call) => isSameCall(call, failed));
  const times = (before?.reopened ?? 0) + 1;
  if (times > MAX_REOPENED) return { kind: "too-often", call: failed };
  const others = reopened.filter((call) => call !== before);
  const { functionId, argsDigest, earlier } = failed;
  return {
    kind: "reopen",
    // It keeps the count under which fn ran: that is the key the reconciler must ask about.
    call: pendingCall(failed, failed.reconcilable),
    reopened: [...others, { functionId, argsDigest, earlier, reopened: times }],
  };
}

function isSameCall(call: ReopenedCall, failed: CallResult): boolean {
  return call.earlier === failed.earlier && sameIdentity(call, failed);
}

function mayHaveTakenEffect(
  { action, runId }: RunToReopen,
  call: FailedCall,
  codec: Codec,
): boolean {
  try {
    const error = reviveError(call.payload, codec, { kind: "error", action, runId, call });
    return hasCode(error, "SERIALIZATION") || hasCode(error, "LIMIT_EXCEEDED");
  } catch {
    // What failed cannot be read, so nobody can say.
    return true;
  }
}
