import {
  type CallResult,
  type ClaimedRun,
  msgpackCodec,
  PoisonRunError,
  pendingCall,
  placeInRun,
  reviveError,
  settledCall,
} from "@refrain/core";
import { expect, test } from "vitest";
import { poisonSettlement } from "../src/poison.ts";

const somewhere = placeInRun("error", { action: "act", runId: "run-1" });

function start(slot: number, functionId: string) {
  return { slot, functionId, argsDigest: "", after: 0, startedAt: 0 };
}

function succeeded(slot: number, functionId: string): CallResult {
  const outcome = { status: "SUCCEEDED", seq: slot, tookMs: 1, reconciled: false } as const;
  return settledCall(start(slot, functionId), { ...outcome, payload: msgpackCodec.encode(1) });
}

function poisoned(calls: readonly CallResult[], unreadable?: Error) {
  const run: ClaimedRun = {
    runId: "r-1",
    action: "resize",
    version: "",
    generation: 0,
    epoch: 11,
    createdAt: 0,
    input: msgpackCodec.encode(null),
    calls,
    journalBytes: 0,
    reopened: [],
    clears: 0,
    suspect: 11,
    unknownAsks: 0,
    ...(unreadable === undefined ? {} : { unreadable }),
  };
  return poisonSettlement(run, { codec: msgpackCodec, retentionMs: 1000 });
}

test("a poisoned run fails with an error that names the call that was under way", () => {
  const { settlement, error } = poisoned([succeeded(0, "fetch"), pendingCall(start(1, "resize"))]);

  expect(settlement).toMatchObject({ status: "FAILED", failedSlot: 1, retentionMs: 1000 });
  expect(error.message).toContain("10 attempts vanished");
  expect(error.message).toContain("the started call of resize (slot 1)");
  expect(reviveError(settlement.payload, msgpackCodec, somewhere)).toBeInstanceOf(PoisonRunError);
});

test("without a started call, it names the slot after the last recorded one", () => {
  const { settlement, error } = poisoned([succeeded(0, "fetch"), succeeded(1, "decode")]);

  expect(settlement.failedSlot).toBeUndefined();
  expect(error.message).toContain("whatever follows the call of decode (slot 2)");
});

test("without any call, it names the beginning", () => {
  expect(poisoned([]).error.message).toContain("its beginning (slot 0)");
});

test("a run whose journal no attempt could read fails with the reason", () => {
  const { error, settlement } = poisoned([], new Error("slot 3: the stored bytes are not a call"));

  expect(error.message).toContain(
    "run r-1 (resize): its last 10 attempts could not read what is stored of it: slot 3: the stored bytes",
  );
  expect(settlement).toMatchObject({ status: "FAILED", failedSlot: undefined });
});

test("a run of which no attempt could read an outcome fails with the reason, not as one that killed workers", () => {
  const spoilt = { ...succeeded(0, "fetch"), payload: Uint8Array.of(2, 0xc0) };

  const { error } = poisoned([spoilt]);

  expect(error.message).toMatch(/could not read what is stored of it: .*found version 2/);
});
