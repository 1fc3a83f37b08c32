import type { ActionDefinition } from "../ports/action.ts";
import { argsDigest } from "../words/args-digest.ts";
import type { Codec } from "../words/codec.ts";
import { toEncodable } from "../words/encodable.ts";
import { LimitExceededError } from "../words/errors.ts";
import type { Limits } from "../words/limits.ts";
import { placeInRun } from "../words/place.ts";
import { parseWith } from "../words/schema.ts";

/** An input as a run stores it. */
export interface PreparedInput {
  /** What the schema gave, encoded. Every attempt reads this. */
  readonly bytes: Uint8Array;
  /** Of what the caller gave, before parsing: tells whether two enqueues ask for the same run. */
  readonly digest: string;
}

export interface PrepareInputOptions {
  /** The run it is the input of. */
  readonly runId: string;
  readonly codec: Codec;
  readonly limits: Limits;
}

/**
 * Parses and encodes the input of a run, once and for all of its attempts.
 *
 * @throws ValidationError when it does not pass the action's schema.
 * @throws TypeError when what the caller gave has no canonical form (functions, symbols, cycles, class instances).
 * @throws SerializationError when what the schema gave cannot be encoded.
 * @throws LimitExceededError when it is larger than one value may be.
 */
export async function prepareInput(
  definition: ActionDefinition,
  input: unknown,
  { runId, codec, limits }: PrepareInputOptions,
): Promise<PreparedInput> {
  const what = `input of action "${definition.name}"`;
  const { input: schema } = definition;
  // Taken before the first await: the caller may go on to change what it gave.
  const digestOfGiven = digested(input);
  const parsed = schema === undefined ? input : await parseWith(schema, input, what);
  const digest = digestOfGiven();
  const place = placeInRun("input", { action: definition.name, runId });
  const bytes = codec.encode(toEncodable(parsed, { label: "input" }).value, place);
  const { maxValueBytes } = limits;
  if (bytes.byteLength <= maxValueBytes) return { bytes, digest };
  throw new LimitExceededError(
    `${what} has ${bytes.byteLength} bytes, more than the limit of ${maxValueBytes}: store it elsewhere and pass a reference`,
  );
}

/** Digests now and tells later, so that a value that fails its schema is refused for that. */
function digested(input: unknown): () => string {
  try {
    const digest = argsDigest([input]);
    return () => digest;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
