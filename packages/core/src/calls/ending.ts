import { type ErrorClasses, encodeError } from "../decisions/error-payload.ts";
import type { ActionImplementation } from "../ports/action.ts";
import type { Settlement } from "../ports/store.ts";
import type { Codec } from "../words/codec.ts";
import { toEncodable } from "../words/encodable.ts";
import { SerializationError } from "../words/errors.ts";
import type { Limits } from "../words/limits.ts";
import { placeInRun } from "../words/place.ts";
import { parseWith } from "../words/schema.ts";
import type { Done } from "../words/when-done.ts";
import type { Outcomes } from "./outcomes.ts";

export interface SettlementOptions {
  readonly implementation: ActionImplementation;
  readonly codec: Codec;
  readonly errors: ErrorClasses;
  readonly limits: Limits;
  readonly outcomes: Outcomes;
}

/**
 * Turns how an action ended into what is stored: at once, unless there is a schema. An output that does not pass it or cannot
 * be stored fails the run.
 */
export function settlementOf(
  runId: string,
  ending: Done,
  options: SettlementOptions,
): Settlement | Promise<Settlement> {
  if (ending.kind === "threw") return failure(runId, ending.error, options);
  const { name, output } = options.implementation.definition;
  if (output === undefined) return success(runId, ending.value, options);
  return parseWith(output, ending.value, `output of action "${name}", run ${runId},`).then(
    (parsed) => success(runId, parsed, options),
    (error: unknown) => failure(runId, error, options),
  );
}

function success(runId: string, output: unknown, options: SettlementOptions): Settlement {
  const { implementation, codec, limits } = options;
  const { name } = implementation.definition;
  try {
    const encodable = toEncodable(output, { label: "output" }).value;
    const payload = codec.encode(encodable, placeInRun("output", { action: name, runId }));
    if (payload.byteLength > limits.maxValueBytes) {
      throw new SerializationError(
        `run ${runId}: the output of action "${name}" has ${payload.byteLength} bytes, more than the limit of ${limits.maxValueBytes}: store it elsewhere and return a reference`,
      );
    }
    const { succeededMs } = implementation.retention;
    return { status: "SUCCEEDED", payload, failedSlot: undefined, retentionMs: succeededMs };
  } catch (error) {
    return failure(runId, error, options);
  }
}

function failure(runId: string, error: unknown, options: SettlementOptions): Settlement {
  const { implementation, codec, errors, outcomes } = options;
  const place = placeInRun("error", { action: implementation.definition.name, runId });
  return {
    status: "FAILED",
    payload: encodeError(error, codec, place, errors),
    failedSlot: outcomes.slotOf(error),
    retentionMs: implementation.retention.failedMs,
  };
}
