import type { AttemptCalls, CallsHost } from "../calls/attempt-calls.ts";
import type { AttemptLog } from "../calls/attempt-log.ts";
import { settlementOf } from "../calls/ending.ts";
import type { LastCalls } from "../calls/last-calls.ts";
import { type ContextHost, liveContext } from "../calls/live-context.ts";
import type { Outcomes } from "../calls/outcomes.ts";
import type { Attempt, AttemptEnd } from "../ports/attempt.ts";
import type { Settlement } from "../ports/store.ts";
import { deferred } from "../words/deferred.ts";
import type { DurableRandom } from "../words/durable-random.ts";
import { ClaimLostError, NewerFormatError, SerializationError } from "../words/errors.ts";
import { LazyAbort } from "../words/lazy-abort.ts";
import { placeInRun } from "../words/place.ts";
import { normaliseThrown } from "../words/thrown.ts";
import { type Done, whenDone } from "../words/when-done.ts";
import { type AttemptPartsOptions, attemptParts } from "./attempt-parts.ts";
import { Lookout, type LookoutHost, type Release } from "./lookout.ts";

/**
 * One attempt from its first line to its end. It is `open` until it is asked to hand back (`releasing`), its last write is
 * made (`sealed`) or it ends (`over`); only an open attempt starts calls.
 */
export class RunningAttempt implements Attempt, ContextHost, CallsHost, LookoutHost {
  readonly runId: string;
  readonly action: string;
  readonly epoch: number;
  readonly #options: AttemptPartsOptions;
  readonly #calls: AttemptCalls;
  readonly #lastCalls: LastCalls;
  readonly #outcomes: Outcomes;
  readonly #random: DurableRandom;
  readonly #log: AttemptLog;
  readonly #lookout: Lookout;
  readonly #done = deferred<AttemptEnd>();
  readonly #abort = new LazyAbort();
  #phase: "open" | "releasing" | "sealed" | "over" = "open";
  #release: Release | undefined;
  #ending: Done | undefined;
  #isActionOver = false;

  constructor(options: AttemptPartsOptions) {
    const { claim, run } = options;
    this.#options = options;
    this.runId = run.runId;
    this.action = run.action;
    this.epoch = claim.epoch;
    const { calls, lastCalls, outcomes, random, log } = attemptParts(this, options);
    this.#calls = calls;
    this.#lastCalls = lastCalls;
    this.#outcomes = outcomes;
    this.#random = random;
    this.#log = log;
    this.#lookout = new Lookout(this, calls, options);
  }

  /** Starts the action. */
  begin(): void {
    const { claim, run, codec, implementation } = this.#options;
    claim.onLost((error) =>
      error instanceof ClaimLostError ? this.abort(error) : this.broken(error),
    );
    if (run.unreadable !== undefined) return this.#unread(run.unreadable);
    let input: unknown;
    try {
      input = codec.decode(run.input, placeInRun("input", run));
    } catch (cause) {
      // Perhaps this worker lacks a key that others have: no reason to fail the run for good.
      const message = `run ${run.runId}: its input cannot be read: ${normaliseThrown(cause).message}`;
      return this.#unread(new SerializationError(message, { cause }));
    }
    if (this.#calls.isReplaying) this.#log.mute();
    const context = liveContext(this, {
      calls: this.#calls,
      random: this.#random,
      log: () => this.#log.logger,
      ignoreReconcilers: this.#options.ignoreReconcilers,
    });
    whenDone(
      () => implementation.handler(context, input),
      (ending) => {
        this.#isActionOver = true;
        this.#finish(ending);
      },
    );
    this.#lookout.changed();
  }

  // Attempt: what the surroundings ask.

  get done(): Promise<AttemptEnd> {
    return this.#done.promise;
  }

  get isExecuting(): boolean {
    return this.#calls.effects.isExecuting;
  }

  get isExecutingReconcilable(): boolean {
    return this.#calls.effects.isExecutingReconcilable;
  }

  abort(error: ClaimLostError): void {
    this.#end({ kind: "lost", error });
  }

  release(): void {
    this.startRelease({ reason: "drain", delayMs: 0 });
  }

  fail(error: unknown): void {
    this.#finish({ kind: "threw", error });
  }

  // ContextHost: what the action asks.

  get isActionOver(): boolean {
    return this.#isActionOver;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  // CallsHost: what the calls ask, and what they set off.

  mayStart(isMarked: boolean): boolean {
    return this.#phase === "open" || (isMarked && this.#phase === "releasing");
  }

  wentLive(): void {
    this.#log.unmute();
  }

  changed(): void {
    this.#lookout.changed();
  }

  /** What cannot be written down must not leave the attempt hanging: another one goes on from what is recorded. */
  broken(error: unknown): void {
    this.#end({ kind: "broken", error: normaliseThrown(error) });
  }

  // LookoutHost: what looking around asks, and what it sets off.

  get isOver(): boolean {
    return this.#phase === "sealed" || this.#phase === "over";
  }

  get isReleasing(): boolean {
    return this.#phase === "releasing";
  }

  get isEnding(): boolean {
    return this.#ending !== undefined;
  }

  startRelease(release: Release): void {
    if (this.#phase !== "open") return;
    this.#phase = "releasing";
    this.#release = release;
    this.#lookout.changed();
  }

  async handBack(isEndingLate: boolean): Promise<void> {
    if (!(await this.#isAcknowledged()) || this.#phase !== "releasing") return;
    if (this.#calls.effects.holdUpRelease) return;
    if (this.#ending !== undefined && this.#calls.inFlight.size === 0 && !isEndingLate) return;
    const { asks } = this.#calls.waits;
    this.#phase = "sealed";
    this.#options.claim.release(asks);
    const { reason, delayMs } = this.#release ?? { reason: "drain", delayMs: 0 };
    if (await this.#isAcknowledged()) this.#end({ kind: "released", reason, delayMs });
  }

  // The end of an attempt.

  #finish(given: Done): void {
    if (this.#ending !== undefined || this.isOver) return;
    try {
      this.#startEnding(given);
    } catch (error) {
      this.broken(error);
    }
  }

  #startEnding(given: Done): void {
    // What floats can start no more: the next attempt ends the run, once all that is under way here is recorded.
    if (this.#isActionOver && this.#phase === "releasing" && this.#lastCalls.areFloating) return;
    const ending = this.#isActionOver ? this.#lastCalls.judge(given) : given;
    this.#ending = ending;
    const reason = ending.kind === "threw" ? ending.error : ENDED;
    if (this.#isActionOver) this.#lastCalls.letGo(reason);
    else this.#lastCalls.letGoOfAll(reason);
    const isAnyLeft = this.#calls.inFlight.size > 0 || this.#phase === "releasing";
    if (isAnyLeft) this.#lookout.onAllClosed(() => this.#settle(ending));
    else this.#settle(ending);
  }

  #settle(ending: Done): void {
    const { implementation, codec, errors, limits } = this.#options;
    const options = { implementation, codec, errors, limits, outcomes: this.#outcomes };
    try {
      const settlement = settlementOf(this.runId, ending, options);
      if (!(settlement instanceof Promise)) return this.#seal(settlement);
      settlement.then((parsed) => this.#seal(parsed)).catch((error: unknown) => this.broken(error));
    } catch (error) {
      this.broken(error);
    }
  }

  #seal(settlement: Settlement): void {
    if (this.isOver) return;
    this.#phase = "sealed";
    const { claim } = this.#options;
    claim.settle(settlement);
    // Never when the claim is lost before: then it tells the attempt itself.
    claim.onAcknowledged(() => this.#end({ kind: "settled", status: settlement.status }));
  }

  async #isAcknowledged(): Promise<boolean> {
    try {
      await this.#options.claim.acknowledged();
      return true;
    } catch {
      // The claim tells the attempt itself that it is lost.
      return false;
    }
  }

  /** What a newer release wrote waits for a worker of that release; the rest may be damage. */
  #unread(error: Error): void {
    const isNewer = [error, error.cause].some((one) => one instanceof NewerFormatError);
    if (!isNewer) return this.broken(error);
    this.startRelease({ reason: "newer-release", delayMs: NEWER_RELEASE_DELAY_MS });
  }

  #end(end: AttemptEnd): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    const reason = end.kind === "lost" || end.kind === "broken" ? end.error : ENDED;
    this.#calls.stop(reason);
    this.#abort.abort(reason);
    this.#done.resolve(end);
  }
}

const NEWER_RELEASE_DELAY_MS = 1000;

/** Shared by all attempts: to make one costs more than all else that an attempt's end does. */
const ENDED = new DOMException("the attempt is over", "AbortError");
