import { types } from "node:util";
import { type ErrorClasses, observedError, reviveError } from "../decisions/error-payload.ts";
import { isAggregate } from "../decisions/stored-error.ts";
import type { AttemptObserver } from "../ports/attempt.ts";
import type { SettledCall } from "../words/call-result.ts";
import type { Codec } from "../words/codec.ts";
import { toEncodable } from "../words/encodable.ts";
import { SerializationError } from "../words/errors.ts";
import type { Limits } from "../words/limits.ts";
import type { Notices } from "../words/notices.ts";
import type { CallPlace, Place } from "../words/place.ts";
import { isError, normaliseThrown, readSafely } from "../words/thrown.ts";
import type { PlannedCall } from "./journal.ts";

/** What the action sees of a call: the stored form decoded, on the first run as on every replay. */
export type Seen = { readonly value: unknown } | { readonly error: unknown };

/** An outcome ready to be stored, with what the action sees of it. */
export interface ObservedOutcome {
  readonly status: "SUCCEEDED" | "FAILED";
  readonly payload: Uint8Array;
  readonly seen: Seen;
}

export interface OutcomesOptions {
  readonly action: string;
  readonly runId: string;
  readonly codec: Codec;
  readonly errors: ErrorClasses;
  readonly limits: Limits;
  readonly notices: Notices;
  readonly observe: AttemptObserver;
  readonly journal: {
    /** Bytes it has room for. */
    readonly bytesLeft: number;
    /** Gives the next outcome its number. */
    takeSeq(): number;
  };
}

/** Turns what fn or a reconciler gave into what is stored and seen, and stored outcomes back into what is seen. */
export class Outcomes {
  readonly #options: OutcomesOptions;
  /** Made with the first failure: most attempts see none, and every collection of garbage looks through it. */
  #slots: WeakMap<object, number> | undefined;

  constructor(options: OutcomesOptions) {
    this.#options = options;
  }

  takeSeq(): number {
    return this.#options.journal.takeSeq();
  }

  /** A result. What cannot be stored is a failure from now on: fn has run, running it again would repeat the effect. */
  ofValue(call: PlannedCall, value: unknown, isReconciled: boolean): ObservedOutcome {
    const { codec, limits, journal } = this.#options;
    this.#notice(call, value, isReconciled);
    try {
      const encodable = toEncodable(value, { label: "result" });
      for (const { className, path } of encodable.instances)
        this.#warnOfClass(call, className, path);
      const place = this.#place("result", call);
      const payload = codec.encode(encodable.value, place);
      const room = Math.min(limits.maxValueBytes, journal.bytesLeft);
      if (payload.byteLength > room) throw tooLarge(payload.byteLength, room, limits.maxValueBytes);
      return { status: "SUCCEEDED", payload, seen: { value: codec.decode(payload, place) } };
    } catch (error) {
      const { runId } = this.#options;
      const reason = error instanceof Error ? error.message : String(error);
      const message = `run ${runId}, slot ${call.slot}: ${call.functionId} took effect, but its result cannot be stored: ${reason}`;
      return this.ofError(call, new SerializationError(message));
    }
  }

  /** A failure. Its class comes back only if it is registered or built in, and the action sees just that at once. */
  ofError(call: PlannedCall, thrown: unknown): ObservedOutcome {
    const { codec, errors } = this.#options;
    const place = this.#place("error", call);
    const { bytes, error: observed } = observedError(thrown, codec, place, errors);
    // One error object that two calls throw would stand for both, and on a replay it is two.
    const error = this.#slots?.has(observed) ? reviveError(bytes, codec, place, errors) : observed;
    this.#failedAt(call.slot, error);
    return { status: "FAILED", payload: bytes, seen: { error } };
  }

  /**
   * A recorded outcome.
   *
   * @throws SerializationError when its bytes cannot be read. To hand that to the action would show it a failure where
   *   another attempt saw a success, and let it make up for something that did not fail.
   */
  ofRecord(call: SettledCall): Seen {
    const { codec, errors, notices, runId } = this.#options;
    try {
      if (call.status === "FAILED") {
        const place = this.#place("error", call);
        const error = reviveError(call.payload, codec, place, errors);
        this.#failedAt(call.slot, error);
        return { error };
      }
      const value = codec.decode(call.payload, this.#place("result", call));
      notices.sawResult(call.functionId, value);
      return { value };
    } catch (cause) {
      const message = `run ${runId}, slot ${call.slot}: the recorded outcome of ${call.functionId} cannot be read: ${normaliseThrown(cause).message}`;
      throw new SerializationError(message, { cause });
    }
  }

  /** The slot whose failure `error` is, looked for through `cause` and `AggregateError.errors`. */
  slotOf(error: unknown): number | undefined {
    return this.#find(error, new Set());
  }

  #place(kind: Place["kind"], call: CallPlace): Place {
    const { action, runId } = this.#options;
    return { kind, action, runId, call };
  }

  #failedAt(slot: number, error: Error): void {
    this.#slots ??= new WeakMap();
    this.#slots.set(error, slot);
  }

  #find(error: unknown, seen: Set<Error>): number | undefined {
    if (!isError(error) || seen.has(error) || seen.size > MAX_ERRORS_SEARCHED) return undefined;
    seen.add(error);
    const slot = this.#slots?.get(error);
    if (slot !== undefined) return slot;
    const errors: unknown = isAggregate(error) ? readSafely(error, "errors") : undefined;
    const inner: readonly unknown[] = isPlainArray(errors) ? errors : [];
    for (const candidate of [readSafely(error, "cause"), ...inner]) {
      const found = this.#find(candidate, seen);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #notice(call: PlannedCall, value: unknown, isReconciled: boolean): void {
    const { notices, observe } = this.#options;
    const { slot, functionId } = call;
    if (!isReconciled) return notices.sawResult(functionId, value);
    if (value !== undefined || notices.returnsVoid(functionId) === true) return;
    if (!notices.isFirst(`reconciler-undefined/${functionId}`)) return;
    observe({
      type: "warning",
      code: "reconciler-returned-undefined",
      slot,
      functionId,
      message: `the reconciler of ${functionId} returned undefined, which is recorded as the call's result. If it means "not found", return notStarted() instead; if the result is void, all is well`,
    });
  }

  #warnOfClass(call: PlannedCall, className: string, path: string): void {
    const { notices, observe } = this.#options;
    const { slot, functionId } = call;
    if (!notices.isFirst(`class-instance/${functionId}`)) return;
    observe({
      type: "warning",
      code: "class-instance",
      slot,
      functionId,
      message: `${functionId} returned an instance of ${className} at ${path}: stored as its own fields, methods and getters are gone, on the first run too. Return plain data`,
    });
  }
}

/** Errors that refer to each other are looked at once, and no more of them than a stack can take. */
const MAX_ERRORS_SEARCHED = 1000;

function isPlainArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && !types.isProxy(value);
}

function tooLarge(size: number, room: number, maxValueBytes: number): SerializationError {
  const which = room < maxValueBytes ? "room left in the run's journal" : "limit for one value";
  return new SerializationError(
    `${size} bytes are over the ${which} (${room} bytes): store it elsewhere and return a reference`,
  );
}
