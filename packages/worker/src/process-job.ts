import { runIdOf } from "@refrain/client";
import type { ActionImplementation, Delivery } from "@refrain/core";
import type { Job } from "bullmq";
import type { Logger } from "pino";
import { type DeliveryEnd, decideFinish, MISSING_FOR_MS } from "./decide-finish.ts";
import { type DeliverOptions, deliver } from "./deliver.ts";
import { type DeliveriesInHand, DeliveryInHand } from "./delivery-in-hand.ts";
import type { FirstSights } from "./first-sights.ts";
import type { LockKeeper } from "./lock-keeper.ts";
import { readDelivery } from "./read-delivery.ts";
import type { RunSlots } from "./run-slots.ts";
import { tellBullMq } from "./tell-bullmq.ts";

/** What the deliveries of one worker share. */
export interface ProcessOptions extends DeliverOptions {
  readonly implementations: ReadonlyMap<string, ActionImplementation>;
  readonly inHand: DeliveriesInHand;
  readonly slots: RunSlots;
  readonly firstSights: FirstSights;
  readonly lockDurationMs: number;
  readonly isClosing: () => boolean;
  /** How far this machine's clock is ahead of Redis's, ms. */
  readonly leadMs: () => Promise<number>;
}

/** Where a job came from. */
export interface ShardQueue {
  readonly queue: string;
  readonly shard: number;
}

/** What BullMQ calls with each job of a queue: from its delivery to the one thing BullMQ is told about it. */
export async function processJob(
  job: Job,
  token: string,
  { queue, shard }: ShardQueue,
  keeper: LockKeeper,
  options: ProcessOptions,
): Promise<unknown> {
  // processedOn is this process's own clock when it asked for the job.
  const ageMs = Date.now() - (job.processedOn ?? Date.now());
  const lock = keeper.hold(job.id ?? "", token, ageMs);
  const inHand = new DeliveryInHand(runIdOf(job.id ?? "") ?? "", lock);
  const done = options.inHand.add(inHand);
  try {
    const end = await endOf(job, readDelivery(job, queue, shard), inHand, options);
    const { lockDurationMs } = options;
    const random = Math.random();
    const context = { deliveries: job.attemptsStarted, lockDurationMs, random };
    const finish = decideFinish(end, context);
    // Nearly all end so: they need not wait for another turn.
    if (finish.tell === "completed") return finish.value;
    return await tellBullMq(job, token, finish, { inHand, options });
  } finally {
    lock.letGo();
    done();
  }
}

async function endOf(
  job: Job,
  delivery: Delivery | undefined,
  inHand: DeliveryInHand,
  options: ProcessOptions,
): Promise<DeliveryEnd> {
  const { logger } = options;
  try {
    if (delivery === undefined) return husk(job, logger);
    const implementation = options.implementations.get(delivery.action);
    if (implementation === undefined) return unknownAction(delivery, logger);
    return await inTurn(job.id ?? "", delivery, implementation, inHand, options);
  } catch (error) {
    const { runId, action } = delivery ?? { runId: runIdOf(job.id ?? ""), action: job.name };
    logger.error(
      { run: runId, action, err: error },
      `run ${runId} (${action}): its delivery failed for a reason of Refrain's or of Redis's, not of the action's; it is tried again soon`,
    );
    return { kind: "lost" };
  }
}

async function inTurn(
  jobId: string,
  delivery: Delivery,
  implementation: ActionImplementation,
  inHand: DeliveryInHand,
  options: ProcessOptions,
): Promise<DeliveryEnd> {
  const { slots, isClosing, firstSights } = options;
  const { action } = delivery;
  if (isClosing()) return { kind: "not-begun" };
  const entering = slots.enter(action);
  if (!(entering === true || (await entering))) {
    return isClosing() ? { kind: "not-begun" } : { kind: "no-slot" };
  }
  try {
    const end = await deliver(delivery, implementation, inHand, options);
    if (end.kind === "no-record") return missing(jobId, delivery, options);
    firstSights.forget(jobId);
    return end;
  } finally {
    slots.leave(action);
  }
}

function missing(
  jobId: string,
  { runId, action }: Delivery,
  { firstSights, logger }: ProcessOptions,
): DeliveryEnd {
  const forMs = firstSights.see(jobId);
  const reason = `run ${runId} (${action}): its job was delivered, but there is no record of the run`;
  if (forMs >= MISSING_FOR_MS) {
    logger.warn(
      { run: runId, action },
      `${reason}, for ${Math.round(forMs / 1000)} s now: the job is failed. The record expired or was deleted; enqueue the run again if it is still wanted`,
    );
  }
  return { kind: "missing", forMs, reason };
}

function husk(job: Job, logger: Logger): DeliveryEnd {
  const runId = runIdOf(job.id ?? "");
  const reason = `the job's data is gone or is not Refrain's: nothing was run`;
  logger.warn(
    { run: runId, job: job.id },
    `job ${job.id}: ${reason}. Somebody deleted or edited it in Redis, or added it; if run ${runId ?? ""} is not settled, it gets a new job soon`,
  );
  return { kind: "husk", reason };
}

function unknownAction({ runId, action, queue }: Delivery, logger: Logger): DeliveryEnd {
  logger.warn(
    { run: runId, action },
    `run ${runId} (${action}): this worker takes queue "${queue}", but has no implementation of "${action}"; the run waits for a worker that has one. Add it to this worker's actions, or give the action a queue of its own`,
  );
  return { kind: "unknown-action" };
}
