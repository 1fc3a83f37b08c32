import {
  encodeError,
  msgpackCodec,
  type PendingCall,
  pendingCall,
  placeInRun,
  type SettledCall,
  settledCall,
} from "@refrain/core";

const somewhere = placeInRun("error", { action: "act", runId: "run-1" });

interface Common {
  readonly slot: number;
  readonly functionId?: string;
  readonly attempt?: number;
  readonly tookMs?: number;
  readonly reconciled?: boolean;
}

const start = ({ slot, functionId = "payments.charge", attempt = 1 }: Common) => ({
  slot,
  functionId,
  attempt,
  argsDigest: "0123456789abcdef",
  after: slot,
  startedAt: 1_700_000_000_000,
});

export function pending(call: Common): PendingCall {
  return pendingCall(start(call));
}

export function succeeded(call: Common & { readonly result?: unknown }): SettledCall {
  return recorded(call, "SUCCEEDED", msgpackCodec.encode(call.result));
}

export function failed(call: Common & { readonly error: Error }): SettledCall {
  return recorded(call, "FAILED", encodeError(call.error, msgpackCodec, somewhere));
}

/** A call whose payload is what somebody else wrote there. */
export function withPayload(call: Common, payload: Uint8Array): SettledCall {
  return recorded(call, "SUCCEEDED", payload);
}

function recorded(call: Common, status: "SUCCEEDED" | "FAILED", payload: Uint8Array): SettledCall {
  const { slot, tookMs = 12, reconciled = false } = call;
  return settledCall(start(call), { status, seq: slot, tookMs, reconciled, payload });
}
