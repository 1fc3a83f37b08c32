import type { Logger } from "pino";
import { AttemptCalls, type CallsHost } from "../calls/attempt-calls.ts";
import { AttemptLog } from "../calls/attempt-log.ts";
import { Journal } from "../calls/journal.ts";
import { LastCalls } from "../calls/last-calls.ts";
import { Outcomes } from "../calls/outcomes.ts";
import type { ErrorClasses } from "../decisions/error-payload.ts";
import type { ActionImplementation } from "../ports/action.ts";
import type { AttemptObserver } from "../ports/attempt.ts";
import type { Claim, ClaimedRun } from "../ports/store.ts";
import type { Clock } from "../words/clock.ts";
import type { Codec } from "../words/codec.ts";
import { DurableRandom } from "../words/durable-random.ts";
import type { Limits } from "../words/limits.ts";
import type { Notices } from "../words/notices.ts";

export interface AttemptPartsOptions {
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

/** What an attempt is made of, besides its course. */
export interface AttemptParts {
  readonly calls: AttemptCalls;
  readonly lastCalls: LastCalls;
  readonly outcomes: Outcomes;
  readonly random: DurableRandom;
  readonly log: AttemptLog;
}

export function attemptParts(host: CallsHost, options: AttemptPartsOptions): AttemptParts {
  // Options are handed on one by one: spreads of many fields cost more than the rest of an attempt without calls.
  const { claim, run, implementation, codec, errors, limits, notices, observe } = options;
  const { clock, mayStartEffect, logger } = options;
  const { runId, action } = run;
  const journal = new Journal(claim, run, limits);
  const outcomes = new Outcomes({
    action,
    runId,
    codec,
    errors,
    limits,
    notices,
    observe,
    journal,
  });
  const calls = new AttemptCalls(host, {
    claim,
    run,
    implementation,
    observe,
    clock,
    mayStartEffect,
    journal,
    outcomes,
  });
  return {
    calls,
    lastCalls: new LastCalls({ implementation, observe, runId, calls, journal }),
    outcomes,
    random: new DurableRandom(runId, run.createdAt),
    log: new AttemptLog(logger, { run: runId, action, attempt: claim.epoch }),
  };
}
