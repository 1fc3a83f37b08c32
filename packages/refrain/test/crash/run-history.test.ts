import type { LedgerEvent } from "@refrain/testkit";
import { expect, test } from "vitest";
import { judgeRun } from "./run-history.ts";

/** A history that holds: a completion-only call that ran twice because its first outcome was never acknowledged. */
const sound: readonly LedgerEvent[] = [
  begin("c", 0, "k1", "start", 1),
  effect("c", "start", "v1"),
  begin("c", 0, "k1", "start", 2),
  effect("c", "start", "v2"),
  seen("c", "v2"),
  acknowledged("record", { name: "c", value: "v2" }),
  acknowledged("append", { name: "r" }),
  notStarted("r", 1),
  begin("r", 1, "k2", "v2", 3),
  effect("r", "v2", "v3"),
  seen("r", "v3"),
  acknowledged("finalize", { name: "r", value: "v3" }),
];
const settled = acknowledged("settle");

function judge(...events: readonly LedgerEvent[]) {
  return judgeRun([...sound, ...events], "v2 v3");
}

test("a sound history has no flaws", () => {
  expect(judge(settled)).toEqual({ flaws: [], clears: 0, settlements: 1 });
});

test("a second settlement is counted", () => {
  expect(judge(settled, settled).settlements).toBe(2);
});

test("what an announced clear dropped may run again, and nothing before it", () => {
  const again = [begin("r", 1, "k2", "v2", 4), effect("r", "v2", "v3")];

  expect(judge(acknowledged("clear", { from: 1 }), ...again).flaws).toEqual([]);
  expect(judge(acknowledged("clear", { from: 2 }), ...again).flaws).not.toEqual([]);
});

test.each([
  ["ran again although it was recorded", begin("c", 0, "k1", "start", 4)],
  ["began twice in one attempt", begin("c", 0, "k1", "start", 2)],
  ["a reconcilable call began again unasked", begin("r", 1, "k2", "v2", 4)],
  ["a reconcilable call took effect twice", effect("r", "v2", "v4")],
  ["another outcome than the recorded one was seen", seen("c", "v1")],
  ["an outcome was recorded twice", acknowledged("record", { name: "c", value: "v2" })],
  ["an effect of an outcome that the finished run does not know", effect("c", "v1", "v9")],
  ["a call has two idempotency keys", begin("r", 1, "k9", "v2", 4)],
])("%s: that is found", (flaw, event) => {
  expect(judge(event).flaws).toContainEqual(expect.stringContaining(flaw));
});

test("an outcome that nothing brought about is found", () => {
  expect(judgeRun(sound, "v2 v4").flaws).toContain("an outcome without an effect: v4");
});

test("a write after the settlement is found", () => {
  const late = acknowledged("append", { name: "late" });

  expect(judge(settled, late).flaws).toEqual([expect.stringContaining("after the settlement")]);
});

function line(kind: string, details: Readonly<Record<string, unknown>>): LedgerEvent {
  return { kind, key: "run", ...details };
}
function begin(name: string, slot: number, idempotencyKey: string, given: string, attempt: number) {
  return line("begin", { name, slot, idempotencyKey, given, attempt });
}
function effect(name: string, given: string, value: string): LedgerEvent {
  return line("effect", { name, given, value });
}
function notStarted(name: string, slot: number): LedgerEvent {
  return line("not-started", { name, slot });
}
function seen(name: string, value: string): LedgerEvent {
  return line("seen", { name, value });
}
function acknowledged(op: string, details: Readonly<Record<string, unknown>> = {}): LedgerEvent {
  return line("acknowledged", { op, ...details });
}
