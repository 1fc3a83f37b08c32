import { type NextStep, nextStep, type Step, type StepResult } from "../decisions/call-step.ts";
import type { CallPlan } from "../decisions/plan-call.ts";
import type { AttemptObserver } from "../ports/attempt.ts";
import { DurablePromise } from "../ports/durable-promise.ts";
import { type CallStart, type SettledCall, settledCall } from "../words/call-result.ts";
import type { Clock } from "../words/clock.ts";
import { type CallInfo, type Informant, withCurrentCall } from "../words/current-call.ts";
import { UsageError } from "../words/errors.ts";
import { LazyAbort } from "../words/lazy-abort.ts";
import { whenDone } from "../words/when-done.ts";
import type { CallSpec } from "./call-spec.ts";
import type { EffectCount } from "./effect-count.ts";
import { keyOfCall, type PlannedCall } from "./journal.ts";
import type { Outcomes, Seen } from "./outcomes.ts";
import { handOut, type Settlers } from "./settlers.ts";

/** What a call needs of the attempt it belongs to. */
export interface CallHost {
  readonly runId: string;
  readonly epoch: number;
  readonly clock: Clock;
  readonly outcomes: Outcomes;
  readonly observe: AttemptObserver;
  readonly effects: EffectCount;
  /** How often outcomes stayed unknown in a row before this attempt. */
  readonly unknownAsks: number;
  /** False when nothing new may start: the call then never settles. */
  readonly isOpen: boolean;
  /**
   * Calls back when a fn or reconciler may start: every outcome so far is acknowledged, and the lock is provably ours. At
   * once if that is so already; never if the attempt ends first. One that is marked as started holds up a release.
   */
  whenMayStart(start: () => void, isMarked: boolean): void;
  /** Waits in place; false when the attempt hands back or ends first. */
  wait(ms: number, asks: number): Promise<boolean>;
  append(call: PlannedCall, startedAt: number): void;
  /** A planned call as this attempt starts it, or asks about it. */
  started(call: PlannedCall, startedAt: number, reopened: number): CallStart;
  /** Records an outcome and puts it in line for the action. */
  settle(call: SettledCall, isMarked: boolean, deliver: () => void): void;
  /** An outcome reached the action. */
  closed(call: CallRun, hasFailed: boolean): void;
  /** The call cannot go on: what became of it could not be written down. */
  broken(error: unknown): void;
}

/** One durable call within one attempt, from its plan to its outcome. */
export class CallRun implements Informant {
  readonly planned: PlannedCall;
  readonly spec: CallSpec;
  readonly promise: DurablePromise<unknown>;
  readonly #host: CallHost;
  readonly #settlers: Settlers;
  #isMarked = false;
  #isAbandoned = false;
  #startedAt = 0;
  #tries = 0;
  /** Tries that took longer than their time-out and have not ended yet. */
  #overdue = 0;
  #asks: number;
  /** The count under which fn was started last: what a reconciler is asked about. */
  #reopened: number;
  #abort = new LazyAbort();

  constructor(host: CallHost, spec: CallSpec, planned: PlannedCall, settlers: Settlers) {
    spec.keepArgs();
    this.#host = host;
    this.spec = spec;
    this.planned = planned;
    this.promise = settlers.promise;
    this.#settlers = settlers;
    this.#asks = host.unknownAsks;
    this.#reopened = planned.reopened;
  }

  /** Carries out a plan. A divergence has been dealt with by now. */
  start(plan: Exclude<CallPlan, { kind: "diverge" | "replay" }>): void {
    this.#startedAt = this.#host.clock.now();
    if (!this.#host.isOpen) return;
    const isMarked = plan.kind === "run" && plan.mark;
    if (isMarked) {
      this.#host.append(this.planned, this.#startedAt);
      // A mark without its fn would cost the next attempt a question.
      this.#host.effects.due();
    }
    if (plan.kind === "reconcile") this.#reopened = plan.call.reopened;
    this.#isMarked = plan.kind !== "run" || plan.mark;
    if (plan.kind !== "reconcile") this.#asks = 0;
    this.#begin(plan.kind === "reconcile" ? "reconciler" : "fn", isMarked);
  }

  /** Nobody waits for the outcome any more: the signal aborts, a late outcome is discarded. */
  abandon(reason: unknown): void {
    this.#isAbandoned = true;
    this.#abort.abort(reason);
  }

  /** Hands the outcome to whoever awaits the call. */
  deliver(outcome: Seen): void {
    this.#host.closed(this, handOut(outcome, this.#settlers));
  }

  // From here on callbacks, not promises: each promise would cost as much as a write.

  #begin(step: Step, isMarked = false): void {
    this.#host.whenMayStart(() => {
      if (!this.#isAbandoned) this.#take(step);
      if (isMarked) this.#host.effects.begun();
    }, isMarked);
  }

  /** Runs fn or the reconciler once, and does what follows from it. */
  #take(step: Step): void {
    const isReconcilableFn = step === "fn" && this.spec.reconciler !== undefined;
    this.#host.effects.enter(isReconcilableFn);
    let isOverdue = false;
    const cancelTimer = this.#startTimer((result) => {
      isOverdue = true;
      if (step === "fn") this.#overdue += 1;
      this.#proceed(this.#conclude(step, result));
    });
    const { reconciler, start } = this.spec;
    const body = step === "fn" ? start : () => reconciler?.();
    whenDone(
      () => notDurable(withCurrentCall(this, body)),
      (result) => {
        cancelTimer?.();
        const next = isOverdue ? undefined : this.#conclude(step, result);
        if (isOverdue && step === "fn") this.#overdue -= 1;
        // Not before: what is overdue may still take effect, and the attempt must not move elsewhere meanwhile.
        this.#host.effects.leave(isReconcilableFn);
        this.#proceed(next);
      },
    );
  }

  #startTimer(timedOut: (result: StepResult) => void): (() => void) | undefined {
    const { timeoutMs } = this.spec;
    if (timeoutMs === undefined) return undefined;
    return this.#host.clock.timer(timeoutMs, () => {
      const abort = this.#abort;
      this.#abort = new LazyAbort();
      abort.abort(new DOMException(`the call took longer than ${timeoutMs} ms`, "TimeoutError"));
      timedOut({ kind: "timed-out", timeoutMs });
    });
  }

  /** Decides what follows from a step's end, and records the outcome if that is it. Undefined when nothing follows. */
  #conclude(step: Step, result: StepResult): NextStep | undefined {
    if (this.#isAbandoned) return undefined;
    try {
      const next = this.#decide(step, result);
      if (next.kind === "succeed" || next.kind === "fail") this.#settle(step, next);
      return next;
    } catch (error) {
      this.#host.broken(error);
      return undefined;
    }
  }

  #decide(step: Step, result: StepResult): NextStep {
    const tries = step === "fn" && result.kind !== "returned" ? this.#tries + 1 : this.#tries;
    this.#asks += 1;
    const next = nextStep(step, result, {
      functionId: this.planned.functionId,
      isReconcilable: this.spec.reconciler !== undefined,
      retry: this.spec.retry,
      isStillRunning: this.#overdue > 0,
      tries,
      asks: this.#asks,
      random: Math.random(),
    });
    // Who does not know what happened has not failed: that is no try.
    if (next.kind === "retry") this.#tries = tries;
    if (next.kind !== "ask") this.#asks = 0;
    return next;
  }

  #settle(step: Step, next: NextStep & { readonly kind: "succeed" | "fail" }): void {
    const { outcomes, observe, clock } = this.#host;
    const reconciled = step === "reconciler";
    if (reconciled) {
      const verdict = next.kind === "succeed" ? "succeeded" : "failed";
      const { slot, functionId } = this.planned;
      observe({ type: "call-reconciled", verdict, slot, functionId });
    }
    const { status, payload, seen } =
      next.kind === "succeed"
        ? outcomes.ofValue(this.planned, next.value, reconciled)
        : outcomes.ofError(this.planned, next.error);
    const start = this.#host.started(this.planned, this.#startedAt, this.#reopened);
    const settled = settledCall(start, {
      status,
      seq: outcomes.takeSeq(),
      tookMs: Math.max(0, clock.now() - this.#startedAt),
      reconcilable: this.spec.reconciler !== undefined,
      reconciled,
      payload,
    });
    this.#host.settle(settled, this.#isMarked, () => this.deliver(seen));
  }

  /** Takes the next step, if there is one, after the wait that it asks for. */
  #proceed(next: NextStep | undefined): void {
    const { slot, functionId } = this.planned;
    const { observe, runId } = this.#host;
    switch (next?.kind) {
      case undefined:
      case "succeed":
      case "fail":
        return;
      case "run":
        observe({ type: "call-reconciled", verdict: "not-started", slot, functionId });
        return this.#beginAnew();
      case "retry":
        return void this.#beginAfter(next.delayMs, 0, "fn");
      case "ask": {
        const { delayMs: retryInMs, error } = next;
        const idempotencyKey = keyOfCall(runId, this.planned, this.#reopened);
        const asks = this.#asks;
        const told = { slot, functionId, idempotencyKey, retryInMs, asks, error };
        observe({ type: "outcome-unknown", ...told });
        return void this.#beginAfter(retryInMs, asks, "reconciler");
      }
    }
  }

  /** Runs fn after its reconciler vouched for it. A reopened call has another key from here on, and its mark must say so. */
  #beginAnew(): void {
    const { reopened } = this.planned;
    if (this.#reopened !== reopened) {
      this.#reopened = reopened;
      this.#host.append(this.planned, this.#startedAt);
    }
    this.#begin("fn");
  }

  /** Not when the attempt hands back or ends meanwhile. */
  async #beginAfter(delayMs: number, asks: number, step: Step): Promise<void> {
    if (await this.#host.wait(delayMs, asks)) this.#begin(step);
  }

  get info(): CallInfo {
    const { runId, epoch } = this.#host;
    const { planned } = this;
    const reopened = this.#reopened;
    const abort = this.#abort;
    return {
      runId,
      slot: planned.slot,
      functionId: planned.functionId,
      attempt: epoch,
      // Hashing and signals cost more than the rest of a call: made only when somebody looks.
      get idempotencyKey() {
        return keyOfCall(runId, planned, reopened);
      },
      get signal() {
        return abort.signal;
      },
    };
  }
}

function notDurable(given: unknown): unknown {
  if (given instanceof DurablePromise) throw new UsageError(NESTED);
  return given;
}

const NESTED =
  "a durable call returned the promise of another one. A durable call cannot contain another: make both from the action";
