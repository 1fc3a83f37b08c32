import {
  type ActionImplementation,
  type Attempt,
  type AttemptEnd,
  type Claim,
  type ClaimedRun,
  type Delivery,
  Notices,
  runAction,
  SerializationError,
} from "@refrain/core";
import type { Logger } from "pino";
import { AttemptReporter } from "./attempt-reporter.ts";
import { beginAttempt, supersededBy } from "./attempts-here.ts";
import type { DeliveryEnd } from "./decide-finish.ts";
import type { DeliverOptions } from "./deliver.ts";
import type { DeliveryInHand } from "./delivery-in-hand.ts";
import { failureReason } from "./failure-reason.ts";
import { isOfNewerRelease, poisonSettlement } from "./poison.ts";
import { owningRejections, type RejectionOwner } from "./unhandled-rejections.ts";

export interface ClaimedDelivery {
  readonly delivery: Delivery;
  readonly implementation: ActionImplementation;
  readonly inHand: DeliveryInHand;
}

/** What this process warned of already. */
const notices = new Notices();

/** One attempt at a claimed run, from its first event to its last. */
export async function runAttempt(
  { claim, run }: { readonly claim: Claim; readonly run: ClaimedRun },
  claimed: ClaimedDelivery,
  options: DeliverOptions,
): Promise<DeliveryEnd> {
  const { delivery, inHand } = claimed;
  const reporter = new AttemptReporter(run, options.logger, options.emitter);
  reporter.started(delivery.queue, run.calls.length);
  const end =
    run.suspect > options.poisonAfter && !isOfNewerRelease(run, options.codec)
      ? await settlePoisoned(claim, run, claimed, options)
      : await act(claim, run, claimed, options, reporter);
  reporter.ended(end, inHand.cutAs);
  if (end.kind !== "settled" || end.status === "SUCCEEDED") return deliveryEnd(end, inHand);
  return { ...end, reason: await reasonOf(run.runId, inHand, options) };
}

/** Runs the action, and has the attempt share its delivery's fate. */
function act(
  claim: Claim,
  run: ClaimedRun,
  { implementation, inHand }: ClaimedDelivery,
  options: DeliverOptions,
  reporter: AttemptReporter,
): AttemptEnd | Promise<AttemptEnd> {
  const { codec, errors, limits, clock, actionLogger: logger, scope } = options;
  const observer = reporter.observe;
  const mayStartEffect = (): boolean => inHand.lock.isCertain;
  const settings = { codec, errors, limits, clock, logger, observer, mayStartEffect, notices };
  const owner = new AttemptRejections(run, options.logger);
  const start = (): Attempt => runAction({ claim, run, implementation, ...settings });
  const begun = beginAttempt(scope, run, () =>
    options.handleRejections ? owningRejections(owner, start) : start(),
  );
  if (begun === undefined) return { kind: "lost", error: supersededBy(run.runId, run.epoch + 1) };
  owner.attempt = begun.attempt;
  inHand.begin(begun.attempt);
  return begun.attempt.done.then((end) => {
    begun.leave();
    owner.attempt = undefined;
    return end;
  });
}

async function settlePoisoned(
  claim: Claim,
  run: ClaimedRun,
  { implementation, inHand }: ClaimedDelivery,
  options: DeliverOptions,
): Promise<AttemptEnd> {
  const { codec, logger } = options;
  const retentionMs = implementation.retention.failedMs;
  const { settlement, error } = poisonSettlement(run, { codec, retentionMs });
  logger.error({ run: run.runId, action: run.action, attempt: run.epoch }, error.message);
  claim.settle(settlement);
  const refusal = claim.acknowledged().then(
    () => undefined,
    (cause: Error) => cause,
  );
  const trouble = await inHand.unlessCut(refusal);
  if (trouble === undefined) return { kind: "settled", status: settlement.status };
  return { kind: "broken", error: trouble instanceof Error ? trouble : new Error("cut short") };
}

function deliveryEnd(end: AttemptEnd, inHand: DeliveryInHand): DeliveryEnd {
  switch (end.kind) {
    case "settled":
      return { ...end, reason: "" };
    case "released":
      return end;
    case "lost":
      return inHand.cutAs ?? { kind: "lost" };
    case "broken":
      return inHand.cutAs ?? { kind: isUnreadable(end.error) ? "unreadable" : "lost" };
  }
}

function isUnreadable(error: Error): boolean {
  return error instanceof SerializationError;
}

/** Why the run failed, from its record; failures are rare enough for one more read. */
async function reasonOf(
  runId: string,
  inHand: DeliveryInHand,
  { store, codec }: DeliverOptions,
): Promise<string> {
  const fallback = "the run did not succeed; its record says why";
  try {
    const run = await inHand.unlessCut(store.read(runId, { calls: false }));
    if (run === undefined || !("outcome" in run) || run.outcome === undefined) return fallback;
    return failureReason(run, run.outcome, codec);
  } catch {
    return fallback;
  }
}

/** Answers for what an attempt's code rejected and nobody handled. */
class AttemptRejections implements RejectionOwner {
  attempt: Attempt | undefined;
  readonly #run: ClaimedRun;
  readonly #logger: Logger;

  constructor(run: ClaimedRun, logger: Logger) {
    this.#run = run;
    this.#logger = logger;
  }

  fail(error: unknown): void {
    const { runId, action, epoch } = this.#run;
    const bindings = { run: runId, action, attempt: epoch, err: error };
    const what = this.attempt === undefined ? "its attempt is over already" : "the run fails";
    this.#logger.error(
      bindings,
      `run ${runId} (${action}): a promise was rejected and nobody handled it: ${what}. Await it, or give it a catch`,
    );
    this.attempt?.fail(error);
  }
}
