import type { CallPlan } from "../decisions/plan-call.ts";
import type { ActionImplementation } from "../ports/action.ts";
import type { AttemptObserver } from "../ports/attempt.ts";
import { DurablePromise } from "../ports/durable-promise.ts";
import type { Claim, ClaimedRun } from "../ports/store.ts";
import { type CallStart, pendingCall, type SettledCall } from "../words/call-result.ts";
import type { Clock } from "../words/clock.ts";
import { type CallHost, CallRun } from "./call-run.ts";
import type { CallSpec } from "./call-spec.ts";
import { checkFunction } from "./check-function.ts";
import { DeliveryOrder } from "./delivery-order.ts";
import { EffectCount } from "./effect-count.ts";
import { EffectGate, type EffectGateHost } from "./effect-gate.ts";
import type { Journal, PlannedCall } from "./journal.ts";
import { judgeDivergence } from "./judge-divergence.ts";
import type { Outcomes, Seen } from "./outcomes.ts";
import { ReplayedCall, type ReplayHost } from "./replayed-call.ts";
import type { Settlers } from "./settlers.ts";
import { Waits } from "./waits.ts";

export interface AttemptCallsOptions {
  readonly claim: Claim;
  readonly run: ClaimedRun;
  readonly journal: Journal;
  readonly outcomes: Outcomes;
  readonly implementation: ActionImplementation;
  readonly clock: Clock;
  readonly observe: AttemptObserver;
  readonly mayStartEffect: () => boolean;
}

/** What the calls ask of their attempt, and set off there. */
export interface CallsHost extends EffectGateHost {
  /** The action is over, or the run fails: what is asked for from then on is nobody's, and holds up no ending. */
  readonly isEnding: boolean;
  /** The action has gone through all that earlier attempts recorded. */
  wentLive(): void;
  /** A call was planned, began to wait, stopped running or reached the action. */
  changed(): void;
  fail(error: unknown): void;
  broken(error: unknown): void;
}

/** A call that has no outcome yet, or whose outcome has not reached the action. */
export type CallUnderWay = CallRun | ReplayedCall;

/** The durable calls of one attempt: plans them, lets them start when they may, and knows which are under way. */
export class AttemptCalls implements CallHost, ReplayHost {
  readonly runId: string;
  readonly epoch: number;
  readonly unknownAsks: number;
  readonly clock: Clock;
  readonly outcomes: Outcomes;
  readonly observe: AttemptObserver;
  readonly order: DeliveryOrder;
  readonly waits: Waits;
  readonly effects: EffectCount;
  readonly #host: CallsHost;
  readonly #options: AttemptCallsOptions;
  readonly #gate: EffectGate;
  readonly #functions = new Map<string, unknown>();
  /** Made when first needed, as most attempts need neither. */
  #unused: Map<DurablePromise<unknown>, CallSpec> | undefined;
  #failedUnseen: CallUnderWay[] | undefined;
  readonly #inFlight = new Set<CallUnderWay>();
  #replaying = 0;
  #now: number;

  constructor(host: CallsHost, options: AttemptCallsOptions) {
    this.#host = host;
    const { run, claim, clock, journal, observe } = options;
    this.#options = options;
    this.runId = run.runId;
    this.epoch = claim.epoch;
    this.unknownAsks = run.unknownAsks;
    this.clock = clock;
    this.outcomes = options.outcomes;
    this.observe = observe;
    this.#now = run.createdAt;
    this.waits = new Waits(clock);
    this.effects = new EffectCount(host);
    this.#gate = new EffectGate(host, options);
    this.order = new DeliveryOrder({
      clock,
      nextKnown: () => journal.nextKnown(),
      onNotRestored: ({ slot, functionId }) => {
        const message = `run ${run.runId}, slot ${slot}: ${functionId} is recorded, and the action asked for it at this point before, but has not now; outcomes are delivered without waiting for it any longer. Parallel branches must not await timers or I/O outside durable calls`;
        observe({ type: "warning", code: "order-not-restored", slot, functionId, message });
      },
      onDelivered: () => host.changed(),
    });
  }

  get isOpen(): boolean {
    return this.#host.mayStart(false);
  }

  get inFlight(): ReadonlySet<CallUnderWay> {
    return this.#inFlight;
  }

  get isReplaying(): boolean {
    return this.#replaying > 0 || this.#options.journal.nextKnown() !== undefined;
  }

  /** When the latest outcome the action has seen was settled, epoch milliseconds. */
  get now(): number {
    return this.#now;
  }

  call(spec: CallSpec): DurablePromise<unknown> {
    checkFunction(spec, this.#functions, this.runId);
    const settlers = DurablePromise.withResolvers<unknown>();
    this.#plan(spec, settlers);
    return settlers.promise;
  }

  lazyCall(spec: CallSpec): DurablePromise<unknown> {
    checkFunction(spec, this.#functions, this.runId);
    spec.keepArgs();
    const settlers: Settlers = DurablePromise.withResolvers<unknown>(() => {
      this.#unused?.delete(settlers.promise);
      this.#plan(spec, settlers);
    });
    this.#unused ??= new Map();
    this.#unused.set(settlers.promise, spec);
    return settlers.promise;
  }

  /** Calls that failed, and that nothing has awaited since. */
  get failedUnseen(): CallUnderWay[] {
    return (this.#failedUnseen ?? []).filter((call) => !call.promise.isAwaited);
  }

  /** Handles that nothing ever awaited. */
  takeUnused(): CallSpec[] {
    const unused = [...(this.#unused?.values() ?? [])];
    this.#unused = undefined;
    return unused;
  }

  /** Lets go of a call whose outcome nobody waits for. */
  abandon(call: CallUnderWay, reason: unknown): void {
    this.#inFlight.delete(call);
    call.abandon(reason);
  }

  stop(reason: unknown): void {
    this.order.stop();
    this.waits.cutShort();
    for (const call of this.#inFlight) this.abandon(call, reason);
  }

  #plan(spec: CallSpec, settlers: Settlers): void {
    try {
      const isReconcilable = spec.reconciler !== undefined;
      const { journal } = this.#options;
      const plan = journal.plan(spec.identity, isReconcilable);
      if (plan.kind === "replay") this.#replay(new ReplayedCall(this, plan.call, settlers));
      else {
        const call = journal.place(spec.identity, plan, this.order.delivered);
        this.#carryOut(new CallRun(this, spec, call, settlers), plan);
      }
    } catch (error) {
      this.#host.fail(error);
    }
    this.order.asked();
    this.#noticeLive();
    this.#host.changed();
  }

  #noticeLive(): void {
    if (!this.isReplaying) this.#host.wentLive();
  }

  #carryOut(run: CallRun, plan: Exclude<CallPlan, { kind: "replay" }>): void {
    if (this.#host.isEnding) return;
    // Left to the next attempt; an action that ends meanwhile must not settle without it.
    else if (!this.isOpen) this.#inFlight.add(run);
    else if (plan.kind !== "diverge") this.#start(run, plan);
    else if (this.#mayClear(run.planned)) this.#start(run, { kind: "run", mark: plan.mark });
  }

  /** From here on the call counts as under way; one whose divergence fails the run never does. */
  #start(run: CallRun, plan: Parameters<CallRun["start"]>[0]): void {
    this.#inFlight.add(run);
    if (plan.kind === "rerun" && plan.call.reconcilable) this.#warnOfRerun(run.planned);
    run.start(plan);
  }

  #warnOfRerun({ slot, functionId }: PlannedCall): void {
    const message = `run ${this.runId}, slot ${slot}: ${functionId} was started by an earlier attempt, when it had a reconciler, and has none now: nobody can be asked what happened, so it runs again. Keep a reconciler for as long as runs live that used it`;
    this.observe({ type: "warning", code: "reconciler-removed", slot, functionId, message });
  }

  #replay(call: ReplayedCall): void {
    const { slot, functionId } = call.planned;
    this.#replaying += 1;
    this.#inFlight.add(call);
    this.observe({ type: "call-replayed", slot, functionId });
    this.order.push(call, this.#inFlight.size === 1 && this.#options.journal.isGapless);
  }

  seen(recorded: SettledCall): Seen | undefined {
    this.#replaying -= 1;
    this.#noticeLive();
    this.#sawSettled(recorded);
    try {
      return this.outcomes.ofRecord(recorded);
    } catch (error) {
      this.broken(error);
      return undefined;
    }
  }

  /** Announces a divergence and acts on it; false when it fails the run. */
  #mayClear(call: PlannedCall): boolean {
    const { journal, implementation } = this.#options;
    const [found, ...after] = journal.from(call.slot);
    if (found === undefined) return true;
    const { event, error } = judgeDivergence({
      runId: this.runId,
      policy: implementation.onDivergence,
      clears: journal.clears,
      dropped: [found, ...after],
      found: call,
    });
    this.observe(event);
    if (error !== undefined) this.#host.fail(error);
    else journal.clearFrom(call.slot);
    return error === undefined;
  }

  // What a call asks of its attempt.

  whenMayStart(start: () => void, isMarked: boolean): void {
    this.#gate.whenMayStart(start, isMarked);
  }

  wait(ms: number, asks: number): Promise<boolean> {
    const waiting = this.waits.wait(ms, asks);
    this.#host.changed();
    return waiting;
  }

  append(call: PlannedCall, startedAt: number): void {
    this.#options.journal.append(pendingCall(this.started(call, startedAt, call.reopened)));
  }

  started(call: PlannedCall, startedAt: number, reopened: number): CallStart {
    // Spelled out: made for every call, and a spread costs several times as much.
    const { slot, functionId, argsDigest, after, earlier } = call;
    const { epoch: attempt } = this;
    return { slot, functionId, argsDigest, after, startedAt, attempt, earlier, reopened };
  }

  settle(call: SettledCall, isMarked: boolean, deliver: () => void): void {
    // In line first: the turn in which the action sees the outcome comes before the flush that carries it away.
    this.order.push({
      seq: call.seq,
      deliver: () => {
        this.#sawSettled(call);
        deliver();
      },
    });
    this.#options.journal.settle(call, isMarked);
  }

  closed(call: CallUnderWay, hasFailed: boolean): void {
    this.#inFlight.delete(call);
    if (!hasFailed || call.promise.isAwaited) return;
    this.#failedUnseen ??= [];
    this.#failedUnseen.push(call);
  }

  broken(error: unknown): void {
    this.#host.broken(error);
  }

  #sawSettled(call: SettledCall): void {
    this.#now = Math.max(this.#now, call.startedAt + call.tookMs);
  }
}
