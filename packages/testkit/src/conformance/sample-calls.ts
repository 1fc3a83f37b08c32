import {
  type FailedCall,
  type PendingCall,
  pendingCall,
  type Settlement,
  type SucceededCall,
  settledCall,
} from "@refrain/core";

interface Sample {
  readonly functionId?: string;
  readonly argsDigest?: string;
  readonly after?: number;
  readonly seq?: number;
  readonly payload?: Uint8Array;
}

/** A call that was started. */
export function pending(slot: number, sample: Sample = {}): PendingCall {
  return pendingCall(start(slot, sample));
}

/** A call that succeeded; `seq` is its slot unless given. */
export function succeeded(slot: number, sample: Sample = {}): SucceededCall {
  return settled(slot, "SUCCEEDED", sample) as SucceededCall;
}

/** A call that failed. */
export function failed(slot: number, sample: Sample = {}): FailedCall {
  return settled(slot, "FAILED", sample) as FailedCall;
}

function settled(slot: number, status: "SUCCEEDED" | "FAILED", sample: Sample) {
  const payload = sample.payload ?? Buffer.from(`outcome of ${slot}`);
  const outcome = { status, seq: sample.seq ?? slot, tookMs: 7, reconciled: false, payload };
  return settledCall(start(slot, sample), outcome);
}

function start(slot: number, sample: Sample) {
  const { functionId = "payments.charge", argsDigest = "0123456789abcdef", after = 0 } = sample;
  return { slot, functionId, argsDigest, after, startedAt: 1_900_000_000_000 };
}

export function settlement(overrides: Partial<Settlement> = {}): Settlement {
  return {
    status: "SUCCEEDED",
    payload: Buffer.from("output"),
    failedSlot: undefined,
    retentionMs: 60_000,
    ...overrides,
  };
}

/** Equal content is equal, whichever class holds the bytes. */
export function bytes(content: Uint8Array | undefined): string | undefined {
  return content && Buffer.from(content).toString("latin1");
}

/** Calls with their payloads as text: to compare, and to read in a failing test. */
export function readable(calls: readonly object[]): object[] {
  return calls.map((call) =>
    "payload" in call ? { ...call, payload: bytes(call.payload as Uint8Array) } : { ...call },
  );
}
