import { MAX_CLEARS, pendingCall, planDivergence, settledCall } from "@refrain/core";
import { expect, test } from "vitest";

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
