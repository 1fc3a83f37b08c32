import type { Logger } from "pino";
import type { ErrorClasses } from "../decisions/error-payload.ts";
import type { ActionImplementation } from "../ports/action.ts";
import type { Attempt, AttemptObserver } from "../ports/attempt.ts";
import type { Claim, ClaimedRun } from "../ports/store.ts";
import { type Clock, systemClock } from "../words/clock.ts";
import type { Codec } from "../words/codec.ts";
import { defaultLimits, type Limits } from "../words/limits.ts";
import { msgpackCodec } from "../words/msgpack-codec.ts";
import { Notices } from "../words/notices.ts";
import { RunningAttempt } from "./running-attempt.ts";

export interface RunActionOptions {
  readonly claim: Claim;
  readonly run: ClaimedRun;
  readonly implementation: ActionImplementation;
  readonly codec?: Codec | undefined;
  /** Classes beyond the action's own that come back as themselves. */
  readonly errors?: ErrorClasses | undefined;
  readonly limits?: Limits | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
  readonly observer?: AttemptObserver | undefined;
  /** Whether this process provably still holds the run's lock. Default: always. */
  readonly mayStartEffect?: (() => boolean) | undefined;
  /** Treats every call as completion-only: for runs that no second attempt will ever see. Default false. */
  readonly ignoreReconcilers?: boolean | undefined;
  /** What was warned of already; share one per process. */
  readonly notices?: Notices | undefined;
}

/** Starts one attempt at a claimed run. It ends by itself; see {@link Attempt} for how to end it sooner. */
export function runAction(options: RunActionOptions): Attempt {
  const { implementation } = options;
  const attempt = new RunningAttempt({
    claim: options.claim,
    run: options.run,
    implementation,
    codec: options.codec ?? msgpackCodec,
    errors: { ...options.errors, ...implementation.definition.errors },
    limits: options.limits ?? defaultLimits,
    clock: options.clock ?? systemClock,
    logger: options.logger,
    observe: harmless(options.observer ?? (() => {})),
    mayStartEffect: options.mayStartEffect ?? (() => true),
    ignoreReconcilers: options.ignoreReconcilers ?? false,
    notices: options.notices ?? new Notices(),
  });
  attempt.begin();
  return attempt;
}

/** Events decide nothing, so neither does what an observer throws, a logger that cannot print an error for one. */
function harmless(observer: AttemptObserver): AttemptObserver {
  return (event) => {
    try {
      observer(event);
    } catch {
      // There is nobody left to tell.
    }
  };
}
