import { notStarted, OutcomeUnknownError, TerminalError, TimeoutError } from "@refrain/core";
import { expect, test } from "vitest";
import { nextStep, type StepContext, type StepResult } from "../src/decisions/call-step.ts";
import { retryPolicy } from "../src/decisions/retry-policy.ts";

const context: StepContext = {
  functionId: "charge",
  isReconcilable: true,
  isStillRunning: false,
  retry: retryPolicy("here", undefined),
  tries: 1,
  asks: 1,
  random: 0,
};
const completionOnly = { ...context, isReconcilable: false };
const retrying = {
  ...context,
  retry: retryPolicy("here", { attempts: 2, backoff: { initialMs: 100, jitter: false } }),
};
const error = new Error("declined");
const threw: StepResult = { kind: "threw", error };
const unknown = new OutcomeUnknownError();
const timedOut: StepResult = { kind: "timed-out", timeoutMs: 50 };

test("what fn or the reconciler returns is the result", () => {
  const result = { kind: "returned", value: 5 } as const;

  expect(nextStep("fn", result, context)).toEqual({ kind: "succeed", value: 5 });
  expect(nextStep("reconciler", result, context)).toEqual({ kind: "succeed", value: 5 });
});

test("a reconciler's notStarted runs fn; fn's own is a value like any other", () => {
  const result: StepResult = { kind: "returned", value: notStarted() };

  expect(nextStep("reconciler", result, context)).toEqual({ kind: "run" });
  expect(nextStep("fn", result, context)).toMatchObject({ kind: "succeed" });
});

test("notStarted is not believed while a try that timed out still runs", () => {
  const result: StepResult = { kind: "returned", value: notStarted() };

  const step = nextStep("reconciler", result, { ...context, isStillRunning: true, asks: 2 });

  expect(step).toMatchObject({ kind: "ask", delayMs: 2000, error: expect.any(TimeoutError) });
});

test("what fn or the reconciler throws is the failure", () => {
  expect(nextStep("fn", threw, context)).toEqual({ kind: "fail", error });
  expect(nextStep("reconciler", threw, context)).toEqual({ kind: "fail", error });
});

test("fn is tried again while the policy allows it, the reconciler never is", () => {
  expect(nextStep("fn", threw, retrying)).toEqual({ kind: "retry", delayMs: 100 });
  expect(nextStep("fn", threw, { ...retrying, tries: 2 })).toEqual({ kind: "fail", error });
  expect(nextStep("reconciler", threw, retrying)).toEqual({ kind: "fail", error });
});

test("a TerminalError is the failure at once", () => {
  const terminal = new TerminalError("no");

  const step = nextStep("fn", { kind: "threw", error: terminal }, retrying);

  expect(step).toEqual({ kind: "fail", error: terminal });
});

test("an unknown outcome of a reconcilable call is asked about, whoever said so, retries or not", () => {
  const result: StepResult = { kind: "threw", error: unknown };
  const ask = { kind: "ask", delayMs: 1000, error: unknown };

  expect(nextStep("fn", result, retrying)).toEqual(ask);
  expect(nextStep("reconciler", result, context)).toEqual(ask);
  expect(nextStep("reconciler", result, { ...context, asks: 3 })).toMatchObject({ delayMs: 4000 });
});

test("retryAfterMs overrides the back-off", () => {
  const later = new OutcomeUnknownError({ retryAfterMs: 7 });

  const step = nextStep("fn", { kind: "threw", error: later }, { ...context, asks: 9 });

  expect(step).toMatchObject({ kind: "ask", delayMs: 7 });
});

test("without a reconciler an unknown outcome is an ordinary failure", () => {
  const step = nextStep("fn", { kind: "threw", error: unknown }, completionOnly);

  expect(step).toEqual({ kind: "fail", error: unknown });
});

test("a time-out is a TimeoutError of a completion-only call that says what took too long", () => {
  const step = nextStep("fn", timedOut, completionOnly);

  expect(step).toEqual({ kind: "fail", error: expect.any(TimeoutError) });
  expect(step).toMatchObject({ error: { message: "charge took longer than 50 ms" } });
});

test("a time-out of a reconcilable call, or of its reconciler, leaves the outcome unknown", () => {
  expect(nextStep("fn", timedOut, context)).toMatchObject({ kind: "ask", delayMs: 1000 });
  expect(nextStep("reconciler", timedOut, context)).toMatchObject({
    kind: "ask",
    error: { message: "the reconciler of charge took longer than 50 ms" },
  });
});

test("a nonRetryable that throws ends the tries, with both errors to see", () => {
  const nonRetryable = (): boolean => {
    throw new RangeError("flawed");
  };

  const step = nextStep("fn", threw, { ...retrying, retry: { ...retrying.retry, nonRetryable } });

  expect(step).toMatchObject({
    kind: "fail",
    error: { message: "charge failed, and its retry.nonRetryable threw: flawed", cause: error },
  });
});
