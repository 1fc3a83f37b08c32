import { randomUUID } from "node:crypto";
import {
  type ActionDefinition,
  type Codec,
  type ErrorClasses,
  type Limits,
  type NewRun,
  newNonce,
  prepareInput,
} from "@refrain/core";
import type { EnqueueOptions } from "./enqueue-options.ts";
import { previewOf } from "./preview.ts";

/** A run that is checked, encoded and named: everything but sent. */
export interface PreparedRun {
  readonly run: NewRun;
  /** The action's error classes, for the run's handle. */
  readonly errors: ErrorClasses;
  readonly preview: string;
}

export interface PrepareOptions {
  readonly codec: Codec;
  readonly limits: Limits;
  /** @throws TypeError on the name of a queue that cannot be. */
  readonly checkQueue: (name: string) => void;
}

/**
 * Parses and encodes the input, once for the run's whole life. The run id is fixed here, before anything is sent: what is
 * sent again after a lost connection is the same run.
 *
 * @throws what `prepareInput` throws.
 */
export async function prepareRun(
  definition: ActionDefinition,
  input: unknown,
  enqueue: EnqueueOptions,
  options: PrepareOptions,
): Promise<PreparedRun> {
  const { codec, limits, checkQueue } = options;
  const { name: action, version, queue, errors } = definition;
  const { runId = randomUUID(), delayMs, priority } = enqueue;
  checkQueue(queue);
  const { bytes, digest } = await prepareInput(definition, input, { runId, codec, limits });
  const requestId = newNonce();
  return {
    run: {
      runId,
      action,
      version,
      queue,
      input: bytes,
      inputDigest: digest,
      requestId,
      delayMs,
      priority,
    },
    errors,
    preview: codec.isPlaintext === true ? previewOf(input) : "",
  };
}
