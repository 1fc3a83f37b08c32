import * as refrain from "refrain";
import { expect, test } from "vitest";

const ERRORS = [
  "ClaimLostError",
  "DivergenceError",
  "EnqueueError",
  "EnqueueManyError",
  "LimitExceededError",
  "NotReadyError",
  "OutcomeUnknownError",
  "PoisonRunError",
  "RefrainError",
  "RetryRefusedError",
  "RunConflictError",
  "RunNotFoundError",
  "SerializationError",
  "StoreError",
  "TerminalError",
  "TimeoutError",
  "UsageError",
  "ValidationError",
];

test("the package exports these names, and no others", () => {
  expect(Object.keys(refrain).toSorted()).toEqual(
    [
      ...ERRORS,
      "LocalRunner",
      "MemoryStore",
      "RunStatus",
      "aesGcmCodec",
      "createClient",
      "createWorker",
      "currentCall",
      "defineAction",
      "durable",
      "msgpackCodec",
      "notStarted",
      "typeOnly",
    ].toSorted(),
  );
});

test.each(ERRORS)("%s is an error with a name that no minifier changes", (name) => {
  const errorClass: unknown = Reflect.get(refrain, name);

  expect(errorClass).toBeTypeOf("function");
  expect(Reflect.get((errorClass as typeof Error).prototype, "name")).toBe(
    name === "RefrainError" ? "Error" : name,
  );
});
