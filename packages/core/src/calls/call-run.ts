import { type NextStep, nextStep, type Step, type StepResult } from "../decisions/call-step.ts";
import type { CallPlan } from "../decisions/plan-call.ts";
import type { AttemptObserver } from "../ports/attempt.ts";
import { DurablePromise } from "../ports/durable-promise.ts";
import { type CallStart, type SettledCall, settledCall } from "../words/call-result.ts";
import type { Clock } from "../words/clock.ts";
import { type CallInfo, withCurrentCall } from "../words/current-call.ts";
import { UsageError } from "../words/errors.ts";
import { LazyAbort } from "../words/lazy-abort.ts";
import type { CallSpec } from "./call-spec.ts";
import { keyOfCall, type PlannedCall } from "./journal.ts";
import type { Outcomes } from "./outcomes.ts";

/** What a call needs of the attempt it belongs to. */
export interface CallHost {
  readonly runId: string;
  readonly epoch: number;
  readonly clock: Clock;
  readonly outcomes: Outcomes;
  readonly observe: AttemptObserver;
  /** How often outcomes stayed unknown in a row before this attempt. */
  readonly unknownAsks: number;
  /** False when nothing new may start: the call then never settles. */
  readonly isOpen: boolean;
  /**
   * Whether a fn or reconciler may start now: every outcome so far is acknowledged, and the lock is provably ours. A
   * plain true needs no waiting.
   */
  mayStart(): boolean | Promise<boolean>;
  /** Counts a fn or reconciler that runs. */
  enter(isReconcilableFn: boolean): void;
  leave(isReconcilableFn: boolean): void;
  /** Waits in place; false when the attempt hands back or ends first. */
  wait(ms: number, asks: number): Promise<boolean>;
  append(call: PlannedCall, startedAt: number): void;
  /** A planned call as this attempt starts it. */
  started(call: PlannedCall, startedAt: number): CallStart;
  /** Records an outcome and puts it in line for the action. */
  settle(call: SettledCall, isMarked: boolean, deliver: () => void): void;
  /** An outcome reached the action. */
  closed(call: CallRun, hasFailed: boolean): void;
  /** The call cannot go on: what became of it could not be written down. */
  broken(error: unknown): void;
}

/** One durable call within one attempt, from its plan to its outcome. */
export class CallRun {
  readonly planned: PlannedCall;
  readonly spec: CallSpec;
  readonly promise: DurablePromise<unknown>;
  readonly #host: CallHost;
  readonly #settlers: { resolve: (value: unknown) => void; reject: (error: unknown) => void };
  #isMarked = false;
  #isAbandoned = false;
  #startedAt = 0;
  #tries = 0;
  /** Tries that took longer than their time-out and have not ended yet. */
  #overdue = 0;
  #asks: number;
  #abort = new LazyAbort();

  constructor(
    host: CallHost,
    spec: CallSpec,
    planned: PlannedCall,
    settlers: {
      promise: DurablePromise<unknown>;
      resolve: (value: unknown) => void;
      reject: (error: unknown) => void;
    },
  ) {
    this.#host = host;
    this.spec = spec;
    this.planned = planned;
    this.promise = settlers.promise;
    this.#settlers = settlers;
    this.#asks = host.unknownAsks;
  }

  /** Carries out a plan. A divergence has been dealt with by now. */
  start(plan: Exclude<CallPlan, { kind: "diverge" }>): void {
    this.#startedAt = this.#host.clock.now();
    if (plan.kind === "replay") return;
    if (!this.#host.isOpen) return;
    if (plan.kind === "run" && plan.mark) this.#host.append(this.planned, this.#startedAt);
    this.#isMarked = plan.kind !== "run" || plan.mark;
    if (plan.kind !== "reconcile") this.#asks = 0;
    this.#run(plan.kind === "reconcile" ? "reconciler" : "fn").catch((error: unknown) =>
      this.#host.broken(error),
    );
  }

  /** Nobody waits for the outcome any more: the signal aborts, a late outcome is discarded. */
  abandon(reason: unknown): void {
    this.#isAbandoned = true;
    this.#abort.abort(reason);
  }

  /** Hands the outcome to whoever awaits the call. */
  deliver(outcome: { readonly value: unknown } | { readonly error: unknown }): void {
    if ("error" in outcome) this.#settlers.reject(outcome.error);
    else this.#settlers.resolve(outcome.value);
    this.#host.closed(this, "error" in outcome);
  }

  async #run(first: Step): Promise<void> {
    let step: Step | undefined = first;
    while (step !== undefined) {
      const verdict = this.#host.mayStart();
      const mayStart = typeof verdict === "boolean" ? verdict : await verdict;
      if (!mayStart || this.#isAbandoned) return;
      step = await this.#takeStep(step);
    }
  }

  /** Runs fn or the reconciler once, and does what follows from it. Says which step comes next, if any. */
  async #takeStep(step: Step): Promise<Step | undefined> {
    const isReconcilableFn = step === "fn" && this.spec.reconciler !== undefined;
    this.#host.enter(isReconcilableFn);
    const running = this.#invoke(step);
    const leave = (): void => this.#host.leave(isReconcilableFn);
    const result = await this.#bounded(running);
    if (result.kind === "timed-out") void this.#outlast(step, running).then(leave);
    if (this.#isAbandoned) {
      if (result.kind !== "timed-out") leave();
      return undefined;
    }
    const next = this.#decide(step, result);
    if (next.kind === "succeed" || next.kind === "fail") this.#settle(step, next);
    if (result.kind !== "timed-out") leave();
    return this.#prepare(next);
  }

  #invoke(step: Step): Promise<StepResult> {
    const { reconciler, start } = this.spec;
    const info = this.#info();
    return withCurrentCall(info, () =>
      resultOf(() => (step === "reconciler" ? reconciler?.() : start(info))),
    );
  }

  #bounded(running: Promise<StepResult>): Promise<StepResult> {
    const { timeoutMs } = this.spec;
    if (timeoutMs === undefined) return running;
    return new Promise((resolve) => {
      const cancel = this.#host.clock.timer(timeoutMs, () => {
        resolve({ kind: "timed-out", timeoutMs });
        this.#abort.abort(
          new DOMException(`the call took longer than ${timeoutMs} ms`, "TimeoutError"),
        );
        this.#abort = new LazyAbort();
      });
      void running.then(resolve).finally(cancel);
    });
  }

  /** What timed out still runs, and may still take effect: the attempt must not move elsewhere meanwhile. */
  async #outlast(step: Step, running: Promise<StepResult>): Promise<void> {
    if (step === "fn") this.#overdue += 1;
    await running;
    if (step === "fn") this.#overdue -= 1;
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
    const { slot, functionId } = this.planned;
    const { outcomes, observe, clock } = this.#host;
    const isReconciled = step === "reconciler";
    if (isReconciled) {
      const verdict = next.kind === "succeed" ? "succeeded" : "failed";
      observe({ type: "call-reconciled", verdict, slot, functionId });
    }
    const observed =
      next.kind === "succeed"
        ? outcomes.ofValue(this.planned, next.value, isReconciled)
        : outcomes.ofError(this.planned, next.error);
    const settled = settledCall(this.#host.started(this.planned, this.#startedAt), {
      status: observed.status,
      seq: outcomes.takeSeq(),
      tookMs: Math.max(0, clock.now() - this.#startedAt),
      reconcilable: this.spec.reconciler !== undefined,
      reconciled: isReconciled,
      payload: observed.payload,
    });
    this.#host.settle(settled, this.#isMarked, () => this.deliver(observed.seen));
  }

  /** Waits as the decision asks; undefined when the attempt hands back or ends meanwhile. */
  async #prepare(next: NextStep): Promise<Step | undefined> {
    const { slot, functionId } = this.planned;
    const { observe, runId } = this.#host;
    let isDue = false;
    if (next.kind === "run") {
      observe({ type: "call-reconciled", verdict: "not-started", slot, functionId });
      isDue = true;
    } else if (next.kind === "retry") {
      isDue = await this.#host.wait(next.delayMs, 0);
    } else if (next.kind === "ask") {
      const idempotencyKey = keyOfCall(runId, this.planned);
      const { delayMs: retryInMs, error } = next;
      const asks = this.#asks;
      observe({
        type: "outcome-unknown",
        slot,
        functionId,
        idempotencyKey,
        retryInMs,
        asks,
        error,
      });
      isDue = await this.#host.wait(retryInMs, asks);
    }
    if (!isDue) return undefined;
    return next.kind === "ask" ? "reconciler" : "fn";
  }

  #info(): CallInfo {
    const { runId, epoch } = this.#host;
    const { planned } = this;
    const abort = this.#abort;
    return {
      runId,
      slot: planned.slot,
      functionId: planned.functionId,
      attempt: epoch,
      // Hashing and signals cost more than the rest of a call: made only when somebody looks.
      get idempotencyKey() {
        return keyOfCall(runId, planned);
      },
      get signal() {
        return abort.signal;
      },
    };
  }
}

async function resultOf(start: () => unknown): Promise<StepResult> {
  try {
    const given = start();
    if (given instanceof DurablePromise) throw new UsageError(NESTED);
    return { kind: "returned", value: await given };
  } catch (error) {
    return { kind: "threw", error };
  }
}

const NESTED =
  "a durable call returned the promise of another one. A durable call cannot contain another: make both from the action";
