import { type CallIdentity, sameIdentity } from "../words/call-identity.ts";
import type { CallResult, PendingCall, SettledCall } from "../words/call-result.ts";

/** What an attempt must do about a call, given what its slot holds. */
export type CallPlan =
  /** The outcome is known: nothing runs. */
  | { readonly kind: "replay"; readonly call: SettledCall }
  /** First time: run fn. `mark` says whether a PENDING mark must be acknowledged before. */
  | { readonly kind: "run"; readonly mark: boolean }
  /** Started before or reopened, outcome not known, nobody to ask: run fn again and finalize in place. */
  | { readonly kind: "rerun"; readonly call: PendingCall }
  /** Started before or reopened, outcome not known: ask the reconciler, not fn. */
  | { readonly kind: "reconcile"; readonly call: PendingCall }
  /** The journal holds another call: clear from this slot, then do as if the slot were empty. */
  | { readonly kind: "diverge"; readonly found: CallResult; readonly mark: boolean };

/**
 * The slot table. A slot matches by function id and arguments digest; its status plays no part in matching.
 *
 * @param recorded what the journal holds at the slot, if anything
 * @param identity the call that the action asks for
 * @param isReconcilable whether that call has a reconciler
 */
export function planCall(
  recorded: CallResult | undefined,
  identity: CallIdentity,
  isReconcilable: boolean,
): CallPlan {
  if (recorded === undefined) return { kind: "run", mark: isReconcilable };
  if (!sameIdentity(recorded, identity)) {
    return { kind: "diverge", found: recorded, mark: isReconcilable };
  }
  if (recorded.status !== "PENDING") return { kind: "replay", call: recorded };
  return { kind: isReconcilable ? "reconcile" : "rerun", call: recorded };
}
