import { hash } from "node:crypto";
import { isWellFormed } from "./well-formed.ts";

/** What a slot is matched by: which function, called with which arguments. Status plays no part. */
export interface CallIdentity {
  readonly functionId: string;
  /** 16 hex characters; empty for calls made without arguments of their own (`{ id, call }`). */
  readonly argsDigest: string;
}

/** Whether two calls are the same call: equal functionId and equal argsDigest. */
export function sameIdentity(a: CallIdentity, b: CallIdentity): boolean {
  return a.functionId === b.functionId && a.argsDigest === b.argsDigest;
}

/** Whatever names a durable function: the result of `durable(id, fn)`, or a bare function. */
export type Identified = { readonly functionId: string } | ((...args: never) => unknown);

/**
 * The id a function is journaled under: the explicit one, or the bare function's name.
 *
 * A name that a minifier may change, or that does not tell one function from another, is refused: anonymous functions,
 * `bound …` (its receiver is not part of the name), and names of one or two letters.
 *
 * @throws TypeError for such names, and for ids that {@link checkFunctionId} refuses.
 */
export function functionIdOf(fn: Identified): string {
  if (typeof fn !== "function") return checkFunctionId(fn.functionId);
  const { name } = fn;
  const flaw = flawOfName(name);
  if (flaw !== undefined) {
    throw new TypeError(
      `${flaw} cannot name a durable call, because its journal must find it again after every deploy: use durable(id, fn)`,
    );
  }
  return checkFunctionId(name);
}

const MAX_ID_BYTES = 255;

/**
 * Returns an id that may be journaled unchanged, else throws.
 *
 * @throws TypeError unless it is a non-empty, well-formed string of at most 255 bytes of UTF-8.
 */
export function checkFunctionId(id: string): string {
  if (typeof id !== "string" || id === "") {
    throw new TypeError("the id of a durable function must be a non-empty string");
  }
  // A lone surrogate would come back from the journal as U+FFFD, and never match itself again.
  if (!isWellFormed(id)) {
    throw new TypeError(
      `the id of a durable function must be well-formed Unicode: ${JSON.stringify(id)}`,
    );
  }
  // UTF-8 needs at most 3 bytes for one UTF-16 unit, so short ids need no counting.
  if (id.length * 3 > MAX_ID_BYTES && Buffer.byteLength(id) > MAX_ID_BYTES) {
    throw new TypeError(
      `the id of a durable function must have at most ${MAX_ID_BYTES} bytes: "${id.slice(0, 60)}…" has ${Buffer.byteLength(id)}`,
    );
  }
  return id;
}

function flawOfName(name: unknown): string | undefined {
  // A class may shadow `name` with a static member of any type.
  if (typeof name !== "string") return "a function whose name is not a string";
  if (name === "" || name === "anonymous") return "an anonymous function";
  if (name.startsWith("bound ")) return `a bound function ("${name}")`;
  if (name.length <= 2) return `a function called "${name}"`;
  return undefined;
}

/** Which of the calls of one identity this is; the same on every attempt, after every kind of loss. */
export interface CallOccurrence {
  /** k: how many calls of this identity the run planned before. */
  readonly earlier: number;
  /** g: how often a person reopened this call. */
  readonly reopened: number;
}

/**
 * The key a call hands to the outside world so that its effect happens once: 32 hex characters. It depends on nothing
 * that an attempt, a retry, a lost connection or a deploy that inserts other calls could change.
 */
export function idempotencyKey(
  runId: string,
  identity: CallIdentity,
  occurrence: CallOccurrence,
): string {
  const { functionId, argsDigest } = identity;
  return keyOf(
    `call/${prefixed(runId)}${prefixed(functionId)}${prefixed(argsDigest)}${occurrence.earlier}/${occurrence.reopened}`,
  );
}

/** The key of `ctx.idempotencyKey(label)`, for effects that span calls: 32 hex characters, never equal to a call's. */
export function labelKey(runId: string, label: string): string {
  return keyOf(`label/${prefixed(runId)}${prefixed(label)}`);
}

/** The length in front keeps ("ab", "c") and ("a", "bc") apart. */
function prefixed(part: string): string {
  return `${part.length}:${part}`;
}

function keyOf(text: string): string {
  return hash("sha256", text).slice(0, 32);
}
