import type { CallIdentity, CallOccurrence } from "./call-identity.ts";

export const CallStatus = {
  PENDING: "PENDING",
  SUCCEEDED: "SUCCEEDED",
  FAILED: "FAILED",
} as const;
export type CallStatus = (typeof CallStatus)[keyof typeof CallStatus];

interface CallBase extends CallIdentity, CallOccurrence {
  readonly slot: number;
  /** How many outcomes had been delivered to the action when this call was planned. */
  readonly after: number;
  /** Epoch ms. */
  readonly startedAt: number;
  /** The attempt that wrote this: later ones replay it, or ask what became of it. */
  readonly attempt: number;
}

interface SettledBase extends CallBase {
  /** The order in which the run's outcomes were recorded. */
  readonly seq: number;
  readonly tookMs: number;
  /** Whether the call had a reconciler. */
  readonly reconcilable: boolean;
  /** Whether the reconciler gave the outcome, not fn. */
  readonly reconciled: boolean;
  /** The encoded value, or the encoded error. */
  readonly payload: Uint8Array;
}

/** Started, outcome unknown; or reopened: then its last outcome was a failure that does not count any more. */
export interface PendingCall extends CallBase {
  readonly status: typeof CallStatus.PENDING;
  /** Whether the call had a reconciler. Only a call that was reopened may have had none. */
  readonly reconcilable: boolean;
}
export interface SucceededCall extends SettledBase {
  readonly status: typeof CallStatus.SUCCEEDED;
}
export interface FailedCall extends SettledBase {
  readonly status: typeof CallStatus.FAILED;
}
export type SettledCall = SucceededCall | FailedCall;

/** What the journal holds at one slot. */
export type CallResult = PendingCall | SettledCall;

/** What a call needs to be started; by default by the first attempt, the first of its identity, and reopened by nobody. */
export interface CallStart extends CallIdentity {
  readonly slot: number;
  readonly after: number;
  readonly startedAt: number;
  readonly attempt?: number;
  readonly earlier?: number;
  readonly reopened?: number;
}

export interface CallOutcome {
  readonly status: typeof CallStatus.SUCCEEDED | typeof CallStatus.FAILED;
  readonly seq: number;
  readonly tookMs: number;
  /** Default: as `reconciled`. */
  readonly reconcilable?: boolean;
  readonly reconciled: boolean;
  readonly payload: Uint8Array;
}

export function pendingCall(start: CallStart, reconcilable = true): PendingCall {
  const { slot, functionId, argsDigest, after, startedAt, attempt = 1 } = start;
  const { earlier = 0, reopened = 0 } = start;
  const { PENDING: status } = CallStatus;
  return {
    slot,
    functionId,
    argsDigest,
    status,
    after,
    startedAt,
    attempt,
    earlier,
    reopened,
    reconcilable,
  };
}

/** The same call with its outcome: what `finalize` writes in place of a PENDING one, and `record` at once. */
export function settledCall(start: CallStart, outcome: CallOutcome): SettledCall {
  const { slot, functionId, argsDigest, after, startedAt, attempt = 1 } = start;
  const { earlier = 0, reopened = 0 } = start;
  const { status, seq, tookMs, reconciled, reconcilable = reconciled, payload } = outcome;
  return {
    slot,
    functionId,
    argsDigest,
    status,
    after,
    startedAt,
    attempt,
    earlier,
    reopened,
    seq,
    tookMs,
    reconcilable,
    reconciled,
    payload,
  };
}

export function isSettled(call: CallResult): call is SettledCall {
  return call.status !== CallStatus.PENDING;
}

/** One line for logs and errors: slot, status, identity and the payload's size. Never its content: it may be secret. */
export function describeCall(call: CallResult): string {
  const digest = call.argsDigest === "" ? "" : `#${call.argsDigest}`;
  const payload = isSettled(call) ? `${call.payload.byteLength} bytes` : "null";
  return `slot ${call.slot}: ${call.status} ${call.functionId}${digest}, payload ${payload}`;
}
