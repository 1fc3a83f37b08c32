import type { StepResult } from "../decisions/call-step.ts";
import { DurablePromise } from "../ports/durable-promise.ts";
import { UsageError } from "../words/errors.ts";

/** Calls back with what `start` comes to, whatever it returns or throws. */
export async function endOfStep(
  start: () => unknown,
  ended: (result: StepResult) => void,
): Promise<void> {
  let result: StepResult;
  try {
    const given = start();
    if (given instanceof DurablePromise) throw new UsageError(NESTED);
    result = { kind: "returned", value: await given };
  } catch (error) {
    result = { kind: "threw", error };
    // What throws at once must not end sooner than what returns at once: siblings begin first.
    await Promise.resolve();
  }
  ended(result);
}

const NESTED =
  "a durable call returned the promise of another one. A durable call cannot contain another: make both from the action";
