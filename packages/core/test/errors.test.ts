import { expect, test } from "vitest";
import {
  ClaimLostError,
  DivergenceError,
  LimitExceededError,
  OutcomeUnknownError,
  PoisonRunError,
  RefrainError,
  RunConflictError,
  SerializationError,
  TerminalError,
  TimeoutError,
  UsageError,
} from "../src/words/errors.ts";

const cause = new Error("the reason");

test.for([
  ["TerminalError", "TERMINAL", new TerminalError("m", { cause })],
  ["TimeoutError", "TIMEOUT", new TimeoutError("m", { cause })],
  ["DivergenceError", "DIVERGENCE", new DivergenceError("m", { cause })],
  ["RunConflictError", "RUN_CONFLICT", new RunConflictError("m", { cause })],
  ["SerializationError", "SERIALIZATION", new SerializationError("m", { cause })],
  ["LimitExceededError", "LIMIT_EXCEEDED", new LimitExceededError("m", { cause })],
  ["UsageError", "USAGE", new UsageError("m", { cause })],
  ["PoisonRunError", "POISON_RUN", new PoisonRunError("m", { cause })],
  ["ClaimLostError", "CLAIM_LOST", new ClaimLostError("gap", "m", { cause })],
] as const)("%s has its name, code, message and cause", ([name, code, error]) => {
  expect(error).toBeInstanceOf(RefrainError);
  expect(error).toMatchObject({ name, code, message: "m", cause });
  expect(error.stack).toMatch(new RegExp(`^${name}: m\n`));
});

test("errors can be thrown bare, and then own nothing that was not given", () => {
  expect(new TimeoutError().message).toBe("timed out");
  expect(new OutcomeUnknownError().message).toBe("the outcome of this call is not known yet");
  expect(Object.keys(new OutcomeUnknownError())).toEqual(["code"]);
  expect(Object.keys(new DivergenceError())).toEqual(["code"]);
  expect(Object.hasOwn(new OutcomeUnknownError(), "cause")).toBe(false);
});

test("OutcomeUnknownError carries how long to wait", () => {
  const error = new OutcomeUnknownError({ retryAfterMs: 1500, cause });

  expect(error).toMatchObject({ retryAfterMs: 1500, cause, code: "OUTCOME_UNKNOWN" });
});

test.for([-1, Number.NaN, Number.POSITIVE_INFINITY])(
  "OutcomeUnknownError refuses to wait %d ms",
  (retryAfterMs) => {
    expect(() => new OutcomeUnknownError({ retryAfterMs })).toThrow(
      new TypeError(`retryAfterMs must be zero or more milliseconds, not ${retryAfterMs}`),
    );
  },
);

test("ClaimLostError says why the claim was lost", () => {
  const error = new ClaimLostError("superseded");

  expect(error.reason).toBe("superseded");
  expect(error.message).toBe("the attempt lost its claim on the run (superseded)");
});
