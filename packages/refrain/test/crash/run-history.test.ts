import type { LedgerEvent } from "@refrain/testkit";
import { expect, test } from "vitest";
import { RunHistory } from "./run-history.ts";

/** A history that holds: one completion-only call that ran twice because its first outcome was never acknowledged. */
const sound: readonly LedgerEvent[] = [
  begin("first", "k1", "start"),
  effect("first", "k1", "start", "v1"),
  begin("first", "k1", "start"),
  effect("first", "k1", "start", "v2"),
  seen("first", "v2"),
  acknowledged("record", "first", "v2"),
  begin("second", "k2", "v2"),
  effect("second", "k2", "v2", "v3"),
  seen("second", "v3"),
  acknowledged("finalize", "second", "v3"),
  acknowledged("settle"),
];

function flaws(events: readonly LedgerEvent[]) {
  const history = new RunHistory(events, "r");
  return {
    rerun: history.begunAfterAcknowledged().length,
    seenOtherwise: history.seenAfterAcknowledged().length,
    stray: history.strayEffects(["start", "v2", "v3"]).length,
    keys: history.callsWithSeveralKeys(),
    settlements: history.settlements(),
  };
}

test("a sound history has no flaws", () => {
  expect(flaws(sound)).toEqual({ rerun: 0, seenOtherwise: 0, stray: 0, keys: [], settlements: 1 });
});

test.each([
  [
    "a call that runs after its outcome was acknowledged",
    begin("first", "k1", "start"),
    { rerun: 1 },
  ],
  ["an outcome that is seen differently later", seen("first", "v1"), { seenOtherwise: 1 }],
  ["an effect of an outcome nobody knows", effect("second", "k2", "v1", "v9"), { stray: 1 }],
  ["a call with a second key", begin("second", "k9", "v2"), { keys: ["second(v2)"] }],
  ["a second settlement", acknowledged("settle"), { settlements: 2 }],
])("%s is found", (_, event, found) => {
  expect(flaws([...sound, event])).toMatchObject(found);
});

function line(kind: string, details: Readonly<Record<string, unknown>>): LedgerEvent {
  return { kind, key: "r", ...details };
}
function begin(name: string, idempotencyKey: string, given: string): LedgerEvent {
  return line("begin", { name, idempotencyKey, given });
}
function effect(name: string, idempotencyKey: string, given: string, value: string): LedgerEvent {
  return line("effect", { name, idempotencyKey, given, value });
}
function seen(name: string, value: string): LedgerEvent {
  return line("seen", { name, value });
}
function acknowledged(op: string, name?: string, value?: string): LedgerEvent {
  return line("acknowledged", { op, name, value });
}
