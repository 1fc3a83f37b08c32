import { expect, expectTypeOf, test } from "vitest";
import {
  type CallOutcome,
  type CallResult,
  CallStatus,
  describeCall,
  isSettled,
  type PendingCall,
  pendingCall,
  settledCall,
} from "../src/words/call-result.ts";

const start = {
  slot: 3,
  functionId: "payments.charge",
  argsDigest: "0123456789abcdef",
  after: 2,
  startedAt: 1_700_000_000_000,
};
const outcome: CallOutcome = {
  status: "SUCCEEDED",
  seq: 2,
  tookMs: 12,
  reconciled: false,
  payload: Buffer.from("the card number"),
};

test("FA-CR-01 a call made with a result keeps every field and is SUCCEEDED", () => {
  const call = settledCall(start, outcome);

  expect(call).toEqual({
    ...start,
    ...outcome,
    attempt: 1,
    earlier: 0,
    reopened: 0,
    reconcilable: false,
    status: CallStatus.SUCCEEDED,
  });
  expect(isSettled(call)).toBe(true);
});

test("FA-CR-02 a call made with an error is FAILED, its payload the error", () => {
  const call = settledCall(start, { ...outcome, status: "FAILED" });

  expect(call.status).toBe(CallStatus.FAILED);
  expect(call.payload).toBe(outcome.payload);
});

test("FA-CR-03 an outcome's status is said, never guessed from its payload", () => {
  const call = settledCall(start, { ...outcome, payload: new Uint8Array(0) });

  expect(call.status).toBe(CallStatus.SUCCEEDED);
});

test("FA-CR-04 a pending call has no payload, and is PENDING", () => {
  const call = pendingCall(start);

  const asked = { earlier: 0, reopened: 0, reconcilable: true };
  expect(call).toEqual({ ...start, ...asked, attempt: 1, status: CallStatus.PENDING });
  expect(isSettled(call)).toBe(false);
  expectTypeOf<Extract<keyof PendingCall, "payload" | "seq">>().toEqualTypeOf<never>();
});

test("FA-CR-08 calls are equal by content", () => {
  expect(settledCall(start, outcome)).toEqual(settledCall({ ...start }, { ...outcome }));
  expect(settledCall(start, outcome)).not.toEqual(settledCall(start, { ...outcome, seq: 3 }));
  expect(pendingCall(start)).not.toEqual(settledCall(start, outcome));
});

test("FA-CR-10 the text form has id, digest and payload size, not the payload", () => {
  const text = describeCall(settledCall(start, outcome));

  expect(text).toBe("slot 3: SUCCEEDED payments.charge#0123456789abcdef, payload 15 bytes");
});

test("FA-CR-11 the text form of a call without payload says null", () => {
  expect(describeCall(pendingCall({ ...start, argsDigest: "" }))).toBe(
    "slot 3: PENDING payments.charge, payload null",
  );
});

test("a reopened call says how often", () => {
  const calls: CallResult[] = [
    pendingCall({ ...start, reopened: 2 }),
    settledCall({ ...start, reopened: 2 }, outcome),
  ];

  expect(calls.map((call) => call.reopened)).toEqual([2, 2]);
});
