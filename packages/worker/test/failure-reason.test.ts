import { encodeError, msgpackCodec, placeInRun } from "@refrain/core";
import { expect, test } from "vitest";
import { failureReason, sanitise } from "../src/failure-reason.ts";

const somewhere = placeInRun("error", { action: "act", runId: "run-1" });

function reason(thrown: unknown, failedSlot?: number): string {
  const payload = encodeError(thrown, msgpackCodec, somewhere);
  return failureReason(somewhere, { status: "FAILED", payload, failedSlot }, msgpackCodec);
}

test("a failed run says which error it failed with, and where", () => {
  expect(reason(new RangeError("too big"), 3)).toBe("run FAILED at slot 3: RangeError: too big");
});

test("a message cannot pass for one of BullMQ's own, and takes one short line", () => {
  expect(reason(new Error("bullmq:rateLimitExceeded"))).not.toBe("bullmq:rateLimitExceeded");
  expect(reason(new Error("a\nb\u0000c\u2028d"))).toBe("run FAILED: Error: a b c d");
  expect(Buffer.byteLength(reason(new Error("ä".repeat(100_000))))).toBeLessThan(2049);
});

test("an error that cannot be read is no reason to fail", () => {
  const payload = new Uint8Array([9, 9, 9]);

  expect(
    failureReason(somewhere, { status: "FAILED", payload, failedSlot: undefined }, msgpackCodec),
  ).toBe("run FAILED: its error cannot be read");
});

test("what is short enough is left alone", () => {
  expect(sanitise("ok")).toBe("ok");
});
