import {
  encodeError,
  LimitExceededError,
  MAX_REOPENED,
  msgpackCodec,
  pendingCall,
  placeInRun,
  planReopen,
  SerializationError,
  settledCall,
} from "@refrain/core";
import { expect, test } from "vitest";

const charge = { functionId: "charge", argsDigest: "0123456789abcdef" };
const start = { ...charge, slot: 1, after: 1, startedAt: 5, attempt: 2, earlier: 1 };

function failed(error: Error, { reconcilable = false, reopened = 0 } = {}) {
  const payload = encodeError(
    error,
    msgpackCodec,
    placeInRun("error", { action: "act", runId: "run-1" }),
  );
  const outcome = { seq: 1, tookMs: 1, reconciled: false, reconcilable, payload };
  return settledCall({ ...start, reopened }, { ...outcome, status: "FAILED" });
}

const succeeded = settledCall(
  { ...start, slot: 0, earlier: 0 },
  { status: "SUCCEEDED", seq: 0, tookMs: 1, reconciled: false, payload: new Uint8Array(1) },
);

const run = {
  runId: "run-1",
  action: "act",
  status: "FAILED",
  outcome: { failedSlot: 1 },
  calls: [],
  reopened: [],
};

const plan = (overrides: Partial<Parameters<typeof planReopen>[0]>, force = false) =>
  planReopen({ ...run, ...overrides }, msgpackCodec, force);

test("a failed call that had a reconciler becomes one to ask about, under the key it had", () => {
  const call = failed(new Error("declined"), { reconcilable: true });

  expect(plan({ calls: [succeeded, call] })).toEqual({
    kind: "reopen",
    call: pendingCall(start),
    reopened: [{ ...charge, earlier: 1, reopened: 1 }],
  });
});

test("a failed call that had none becomes one that runs again, and that says so", () => {
  expect(plan({ calls: [failed(new Error("no route"))] })).toEqual({
    kind: "reopen",
    call: pendingCall(start, false),
    reopened: [{ ...charge, earlier: 1, reopened: 1 }],
  });
});

test("each further time counts, for that call alone", () => {
  const twin = { ...charge, earlier: 0, reopened: 4 };
  const other = { functionId: "ship", argsDigest: "", earlier: 1, reopened: 5 };
  const reopened = [twin, { ...charge, earlier: 1, reopened: 2 }, other];

  const planned = plan({ calls: [failed(new Error("again"), { reopened: 2 })], reopened });

  expect(planned).toMatchObject({
    call: { reopened: 2 },
    reopened: [twin, other, { ...charge, earlier: 1, reopened: 3 }],
  });
});

test.each(["QUEUED", "RUNNING", "PARKED", "SUCCEEDED", "CANCELLED"] as const)(
  "a run that is %s is refused, by force too",
  (status) => {
    const calls = [failed(new Error("once"))];

    expect(plan({ status, calls }, true)).toEqual({ kind: "not-failed" });
  },
);

const notStored = [
  new SerializationError("fn took effect, but its result cannot be stored"),
  new LimitExceededError("too large"),
];

test.each(notStored)(
  "a call whose result could not be stored is reopened only by force",
  (error) => {
    const call = failed(error);

    expect(plan({ calls: [call] })).toEqual({ kind: "needs-force", call });
    expect(plan({ calls: [call] }, true)).toMatchObject({ kind: "reopen", call: { slot: 1 } });
  },
);

test("a call whose failure cannot be read is reopened only by force", () => {
  const call = { ...failed(new Error("x")), payload: Uint8Array.of(9, 9) };

  expect(plan({ calls: [call] })).toMatchObject({ kind: "needs-force" });
});

test("with a reconciler nothing needs force: it is asked what took effect", () => {
  const call = failed(new SerializationError("cannot be stored"), { reconcilable: true });

  expect(plan({ calls: [call] })).toMatchObject({ kind: "reopen", call: { slot: 1 } });
});

test("a run that failed by the action itself, a divergence or a limit runs on from all it recorded", () => {
  const outcome = { failedSlot: undefined };
  const reopened = [{ ...charge, earlier: 0, reopened: 1 }];

  const planned = plan({ outcome, calls: [failed(new Error("caught"))], reopened });

  expect(planned).toEqual({ kind: "reopen", call: undefined, reopened });
});

test("a poison run's started call stays as it is: it keeps its key, and is asked about anyway", () => {
  const planned = plan({ calls: [succeeded, pendingCall(start)] });

  expect(planned).toEqual({ kind: "reopen", call: undefined, reopened: [] });
});

test("a slot that is not in the journal any more is no call to reopen", () => {
  expect(plan({ calls: [succeeded] })).toMatchObject({ kind: "reopen", call: undefined });
});

test("what its record cannot count any more is refused", () => {
  const reopened = [{ ...charge, earlier: 1, reopened: MAX_REOPENED }];
  const call = failed(new Error("again"));

  expect(plan({ calls: [call], reopened }, true)).toEqual({ kind: "too-often", call });
});
