import { MAX_CLEARS, pendingCall, planDivergence, settledCall } from "@refrain/core";
import { expect, test } from "vitest";
import { judgeDivergence } from "../src/calls/judge-divergence.ts";
import { describeDivergence } from "../src/decisions/divergence.ts";
import { idempotencyKey } from "../src/words/call-identity.ts";

const start = { functionId: "charge", argsDigest: "", slot: 0, after: 0, startedAt: 0 };
const pending = pendingCall({ ...start, slot: 1 });
const succeeded = settledCall(start, {
  status: "SUCCEEDED",
  seq: 0,
  tookMs: 0,
  reconciled: false,
  payload: new Uint8Array(1),
});

test('"clear" drops recorded and started calls alike', () => {
  expect(planDivergence("clear", [succeeded, pending], 0)).toEqual({ kind: "clear" });
});

test('"guard" drops recorded calls', () => {
  expect(planDivergence("guard", [succeeded], 0)).toEqual({ kind: "clear" });
});

test('"guard" fails rather than drop a started call, wherever it stands, and names it', () => {
  const plan = planDivergence("guard", [succeeded, pending], 0);

  expect(plan).toMatchObject({ kind: "fail" });
  expect(plan.kind === "fail" && plan.why).toContain("charge at slot 1");
});

test('"fail" fails whatever would be dropped', () => {
  expect(planDivergence("fail", [succeeded], 0)).toMatchObject({ kind: "fail" });
});

test("a run is cleared three times at most", () => {
  const plans = [0, 1, 2, 3, 4].map((clears) => planDivergence("clear", [succeeded], clears).kind);

  expect(MAX_CLEARS).toBe(3);
  expect(plans).toEqual(["clear", "clear", "clear", "fail", "fail"]);
});

test("another function at a slot is described with both and the run", () => {
  const found = { functionId: "refund", argsDigest: "" };

  const text = describeDivergence("run-1", pending, found);

  expect(text).toContain(
    "run run-1, slot 1: the journal holds charge where the action now calls refund",
  );
});

test("other arguments are described with both digests", () => {
  const digest = "0123456789abcdef";

  const given = describeDivergence("run-1", pending, { functionId: "charge", argsDigest: digest });
  const gone = describeDivergence("run-1", { ...pending, argsDigest: digest }, pending);

  expect(given).toContain(`recorded digest none, now ${digest}`);
  expect(gone).toContain(`recorded digest ${digest}, now none`);
});

test("a call that the action ended without is described as such", () => {
  const text = describeDivergence("run-1", pending, undefined);

  expect(text).toContain("slot 1: the journal holds charge, but the action ended without asking");
});

test("dropped calls of one identity are announced with the key that each of them had", () => {
  const charges = [4, 5, 6].map((earlier) => pendingCall({ ...start, slot: earlier, earlier }));
  const again = pendingCall({ ...start, slot: 7, earlier: 7, reopened: 2 });
  const other = pendingCall({ ...start, slot: 8, functionId: "ship" });

  const { event } = judgeDivergence({
    runId: "run-1",
    policy: "clear",
    clears: 0,
    dropped: [pendingCall({ ...start, slot: 3, earlier: 3 }), ...charges, again, other],
    found: undefined,
  });

  const charge = { functionId: "charge", argsDigest: "" };
  const keys = [3, 4, 5, 6].map((earlier) =>
    idempotencyKey("run-1", charge, { earlier, reopened: 0 }),
  );
  const againKey = idempotencyKey("run-1", charge, { earlier: 7, reopened: 2 });
  const shipKey = idempotencyKey("run-1", other, { earlier: 0, reopened: 0 });
  expect(event.dropped.map((call) => call.idempotencyKey)).toEqual([...keys, againKey, shipKey]);
});

test("an action that throws before it has asked for everything clears nothing", () => {
  const ended = { runId: "run-1", clears: 0, dropped: [pending], found: undefined } as const;

  const thrown = judgeDivergence({ ...ended, policy: "clear", hasThrown: true });
  const returned = judgeDivergence({ ...ended, policy: "clear" });
  const refused = judgeDivergence({ ...ended, policy: "fail", hasThrown: true });

  expect([thrown, returned, refused].map(({ event }) => event.verdict)).toEqual([
    "kept",
    "cleared",
    "failed",
  ]);
  expect([thrown.error, returned.error]).toEqual([undefined, undefined]);
});

test('"guard" drops a reopened call that had no reconciler: nothing of it is under way', () => {
  const reopened = pendingCall({ ...start, slot: 1, reopened: 0 }, false);

  expect(planDivergence("guard", [succeeded, reopened], 0)).toEqual({ kind: "clear" });
  expect(planDivergence("guard", [reopened, pending], 0)).toMatchObject({ kind: "fail" });
});
