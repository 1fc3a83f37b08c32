import { type CallResult, pendingCall, planCall, settledCall } from "@refrain/core";
import { expect, test } from "vitest";

const identity = { functionId: "charge", argsDigest: "00112233aabbccdd" };
const start = { ...identity, slot: 3, after: 0, startedAt: 0 };
const pending = pendingCall(start);
const outcome = { seq: 0, tookMs: 1, reconciled: false, payload: new Uint8Array(2) };
const succeeded = settledCall(start, { ...outcome, status: "SUCCEEDED" });
const failed = settledCall(start, { ...outcome, status: "FAILED" });

const table: readonly {
  readonly title: string;
  readonly recorded: CallResult | undefined;
  readonly isReconcilable: boolean;
  readonly plan: unknown;
}[] = [
  {
    title: "an empty slot runs a completion-only call without a mark",
    recorded: undefined,
    isReconcilable: false,
    plan: { kind: "run", mark: false },
  },
  {
    title: "an empty slot runs a reconcilable call behind a mark",
    recorded: undefined,
    isReconcilable: true,
    plan: { kind: "run", mark: true },
  },
  {
    title: "a recorded success replays for a completion-only call",
    recorded: succeeded,
    isReconcilable: false,
    plan: { kind: "replay", call: succeeded },
  },
  {
    title: "a recorded success replays for a reconcilable call",
    recorded: succeeded,
    isReconcilable: true,
    plan: { kind: "replay", call: succeeded },
  },
  {
    title: "a recorded failure replays",
    recorded: failed,
    isReconcilable: true,
    plan: { kind: "replay", call: failed },
  },
  {
    title: "a started completion-only call runs again and is finalized in place",
    recorded: pending,
    isReconcilable: false,
    plan: { kind: "rerun", call: pending },
  },
  {
    title: "a started reconcilable call asks its reconciler",
    recorded: pending,
    isReconcilable: true,
    plan: { kind: "reconcile", call: pending },
  },
];

test.each(table)("$title", ({ recorded, isReconcilable, plan }) => {
  expect(planCall(recorded, identity, isReconcilable)).toEqual(plan);
});

for (const recorded of [pending, succeeded, failed]) {
  for (const other of [
    { ...identity, functionId: "refund" },
    { ...identity, argsDigest: "ffffffffffffffff" },
  ]) {
    test(`a ${recorded.status} record diverges from ${other.functionId}#${other.argsDigest}`, () => {
      const completionOnly = planCall(recorded, other, false);
      const reconcilable = planCall(recorded, other, true);

      expect(completionOnly).toEqual({ kind: "diverge", found: recorded, mark: false });
      expect(reconcilable).toEqual({ kind: "diverge", found: recorded, mark: true });
    });
  }
}
