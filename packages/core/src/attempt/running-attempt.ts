import type { Logger } from "pino";
import { AttemptCalls } from "../calls/attempt-calls.ts";
import { AttemptLog } from "../calls/attempt-log.ts";
import { type Ending, settlementOf } from "../calls/ending.ts";
import { Journal } from "../calls/journal.ts";
import { LastCalls } from "../calls/last-calls.ts";
import { type ContextHost, liveContext } from "../calls/live-context.ts";
import { Outcomes } from "../calls/outcomes.ts";
import type { ErrorClasses } from "../decisions/error-payload.ts";
import { MAX_WAIT_IN_PLACE_MS } from "../decisions/retry-policy.ts";
import type { ActionImplementation } from "../ports/action.ts";
import type { Attempt, AttemptEnd, AttemptObserver, ReleaseReason } from "../ports/attempt.ts";
import type { Claim, ClaimedRun } from "../ports/store.ts";
import type { Clock } from "../words/clock.ts";
import type { Codec } from "../words/codec.ts";
import { deferred } from "../words/deferred.ts";
import { DurableRandom } from "../words/durable-random.ts";
import { ClaimLostError, NewerFormatError, SerializationError } from "../words/errors.ts";
import { LazyAbort } from "../words/lazy-abort.ts";
import type { Limits } from "../words/limits.ts";
import type { Notices } from "../words/notices.ts";
import { placeInRun } from "../words/place.ts";
import { normaliseThrown } from "../words/thrown.ts";

export interface RunningAttemptOptions {
  readonly claim: Claim;
  readonly run: ClaimedRun;
  readonly implementation: ActionImplementation;
  readonly codec: Codec;
  readonly errors: ErrorClasses;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly logger: Logger | undefined;
  readonly observe: AttemptObserver;
  readonly mayStartEffect: () => boolean;
  readonly ignoreReconcilers: boolean;
  readonly notices: Notices;
}

/**
 * One attempt from its first line to its end. It is `open` until it is asked to hand back (`releasing`), its last write is
 * made (`sealed`) or it ends (`over`); only an open attempt starts calls.
 */
export class RunningAttempt implements Attempt, ContextHost {
  readonly runId: string;
  readonly action: string;
  readonly epoch: number;
  readonly #options: RunningAttemptOptions;
  readonly #journal: Journal;
  readonly #outcomes: Outcomes;
  readonly #calls: AttemptCalls;
  readonly #lastCalls: LastCalls;
  readonly #random: DurableRandom;
  readonly #log: AttemptLog;
  readonly #done = deferred<AttemptEnd>();
  readonly #allClosed = deferred<void>();
  readonly #abort = new LazyAbort();
  #phase: "open" | "releasing" | "sealed" | "over" = "open";
  #release: { readonly reason: ReleaseReason; readonly delayMs: number } | undefined;
  #ending: Ending | undefined;
  #isActionOver = false;
  #isLooking = false;
  #idleTurns = 0;

  constructor(options: RunningAttemptOptions) {
    const { claim, run, implementation, limits, observe, notices, codec, errors } = options;
    this.#options = options;
    this.runId = run.runId;
    this.action = run.action;
    this.epoch = claim.epoch;
    this.#journal = new Journal(claim, run, limits);
    this.#random = new DurableRandom(run.runId, run.createdAt);
    this.#outcomes = new Outcomes({
      action: run.action,
      runId: run.runId,
      codec,
      errors,
      limits,
      notices,
      observe,
      bytesLeft: () => this.#journal.bytesLeft,
      takeSeq: () => this.#journal.takeSeq(),
    });
    // Options are handed on one by one: spreads of many fields cost more than the rest of an attempt without calls.
    this.#calls = new AttemptCalls({
      claim,
      run,
      implementation,
      observe,
      clock: options.clock,
      mayStartEffect: options.mayStartEffect,
      journal: this.#journal,
      outcomes: this.#outcomes,
      isEnding: () => this.#ending !== undefined,
      mayStart: (marked) => this.#phase === "open" || (marked && this.#phase === "releasing"),
      live: () => this.#log.unmute(),
      changed: () => this.#changed(),
      fail: (error) => this.fail(error),
      abort: (error) => this.abort(error),
      broken: (error) => this.#break(error),
    });
    this.#lastCalls = new LastCalls({
      implementation,
      observe,
      runId: run.runId,
      calls: this.#calls,
      journal: this.#journal,
    });
    const bindings = { run: run.runId, action: run.action, attempt: claim.epoch };
    this.#log = new AttemptLog(options.logger, bindings);
  }

  /** Starts the action. */
  begin(): void {
    const { claim, run, codec, implementation } = this.#options;
    claim.onLost((error) =>
      error instanceof ClaimLostError ? this.abort(error) : this.#break(error),
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
      log: this.#log.logger,
      ignoreReconcilers: this.#options.ignoreReconcilers,
    });
    const act = async (): Promise<unknown> => implementation.handler(context, input);
    act().then(
      (value) => this.#actionEnded({ kind: "returned", value }),
      (error: unknown) => this.#actionEnded({ kind: "threw", error }),
    );
    this.#changed();
  }

  // Attempt: what the surroundings ask.

  get done(): Promise<AttemptEnd> {
    return this.#done.promise;
  }

  get isExecuting(): boolean {
    return this.#calls.isExecuting;
  }

  get isExecutingReconcilable(): boolean {
    return this.#calls.isExecutingReconcilable;
  }

  abort(error: ClaimLostError): void {
    this.#end({ kind: "lost", error });
  }

  release(): void {
    this.#startRelease({ reason: "drain", delayMs: 0 });
  }

  fail(error: unknown): void {
    this.#startFinish({ kind: "threw", error });
  }

  // ContextHost: what the action asks.

  get isActionOver(): boolean {
    return this.#isActionOver;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  // The end of an attempt.

  #actionEnded(ending: Ending): void {
    this.#isActionOver = true;
    this.#startFinish(ending);
  }

  #startFinish(ending: Ending): void {
    this.#finish(ending).catch((error: unknown) => this.#break(error));
  }

  async #finish(given: Ending): Promise<void> {
    if (this.#ending !== undefined || this.#isOver()) return;
    // What floats can start no more: the next attempt ends the run, once all that is under way here is recorded.
    if (this.#isActionOver && this.#phase === "releasing" && this.#lastCalls.areFloating) return;
    const ending = this.#isActionOver ? this.#lastCalls.judge(given) : given;
    this.#ending = ending;
    const reason = ending.kind === "threw" ? ending.error : ENDED;
    if (this.#isActionOver) this.#lastCalls.letGo(reason);
    else this.#lastCalls.letGoOfAll(reason);
    if (this.#calls.inFlight.size > 0 || this.#phase === "releasing") {
      this.#changed();
      await this.#allClosed.promise;
    }
    const { implementation, codec, errors, limits } = this.#options;
    const options = { implementation, codec, errors, limits, outcomes: this.#outcomes };
    const settlement = await settlementOf(this.runId, ending, options);
    if (this.#isOver()) return;
    this.#phase = "sealed";
    this.#options.claim.settle(settlement);
    if (await this.#isAcknowledged()) this.#end({ kind: "settled", status: settlement.status });
  }

  #startRelease(release: { readonly reason: ReleaseReason; readonly delayMs: number }): void {
    if (this.#phase !== "open") return;
    this.#phase = "releasing";
    this.#release = release;
    this.#changed();
  }

  async #handBack(isEndingLate = false): Promise<void> {
    if (!(await this.#isAcknowledged()) || this.#phase !== "releasing") return;
    if (this.#calls.holdUpRelease) return;
    if (this.#ending !== undefined && this.#calls.inFlight.size === 0 && !isEndingLate) return;
    const { asks } = this.#calls.waits;
    this.#phase = "sealed";
    this.#options.claim.release(asks);
    const { reason, delayMs } = this.#release ?? { reason: "drain", delayMs: 0 };
    if (await this.#isAcknowledged()) this.#end({ kind: "released", reason, delayMs });
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

  #isOver(): boolean {
    return this.#phase === "sealed" || this.#phase === "over";
  }

  /** What cannot be written down must not leave the attempt hanging: another one goes on from what is recorded. */
  #break(error: unknown): void {
    this.#end({ kind: "broken", error: normaliseThrown(error) });
  }

  /** What a newer release wrote waits for a worker of that release; the rest may be damage. */
  #unread(error: Error): void {
    const isNewer = [error, error.cause].some((one) => one instanceof NewerFormatError);
    if (!isNewer) return this.#break(error);
    this.#startRelease({ reason: "newer-release", delayMs: NEWER_RELEASE_DELAY_MS });
  }

  #end(end: AttemptEnd): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    const reason = end.kind === "lost" || end.kind === "broken" ? end.error : ENDED;
    this.#calls.stop(reason);
    this.#abort.abort(reason);
    this.#done.resolve(end);
  }

  // Looking around: once in a turn in which something changed, when all that followed from it is over.

  #changed(): void {
    if (this.#isLooking || this.#phase === "over") return;
    this.#isLooking = true;
    this.#options.clock.turns.deliver(this.#lookAround);
  }

  readonly #lookAround = (): void => {
    this.#isLooking = false;
    const { inFlight, order, waits } = this.#calls;
    const { clock } = this.#options;
    if (this.#isOver() || !order.isIdle) return;
    if (this.#ending !== undefined && inFlight.size === 0) {
      // A schema may take its time over the output, or for ever.
      if (this.#phase === "releasing") clock.timer(ENDING_MS, () => void this.#handBack(true));
      return this.#allClosed.resolve();
    }
    // Between two calls there is a turn without one; only turns on end are a wait.
    if (inFlight.size > 0) this.#idleTurns = 0;
    if (this.#calls.holdUpRelease) return;
    if (this.#phase === "releasing") return void this.#handBack();
    if (inFlight.size === 0) return this.#noticeIdle();
    if (waits.size < inFlight.size || waits.remainingMs <= MAX_WAIT_IN_PLACE_MS) return;
    this.#startRelease({ reason: "outcome-unknown", delayMs: waits.remainingMs });
  };

  /** Nothing durable is under way and the action has not ended: it waits for something that no replay restores. */
  #noticeIdle(): void {
    if (this.#ending !== undefined) return;
    this.#idleTurns += 1;
    if (this.#idleTurns < 2) return this.#changed();
    if (!this.#options.notices.isFirst(`non-durable-wait/${this.action}`)) return;
    this.#options.observe({ type: "non-durable-wait" });
  }
}

/** How long the making of an outcome may hold up a release. */
const ENDING_MS = 200;
const NEWER_RELEASE_DELAY_MS = 1000;

/** Shared by all attempts: to make one costs more than all else that an attempt's end does. */
const ENDED = new DOMException("the attempt is over", "AbortError");
