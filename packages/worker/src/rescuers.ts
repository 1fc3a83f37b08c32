import { type LostJob, overdueRuns, RunQueues, rescueRun, serverTime } from "@refrain/client";
import { type ActionStateStore, type Clock, type LiveRun, newNonce } from "@refrain/core";
import type { Cluster, Redis } from "ioredis";
import type { Logger } from "pino";
import { type Rescued, Rescuer } from "./rescuer.ts";
import type { WorkerEmitter } from "./worker-events.ts";

export interface RescuersOptions {
  readonly store: ActionStateStore;
  readonly lead: (shard: number, owner: string, forMs: number) => Promise<boolean>;
  readonly redis: Redis | Cluster;
  /** The BullMQ prefix of a shard. */
  readonly prefixOf: (shard: number) => string;
  readonly lockDurationMs: number;
  readonly stalledIntervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly emitter: WorkerEmitter;
}

/** A pass through all runs costs more than BullMQ's search for stalled jobs, and what it finds is rarer. */
const STALLED_INTERVALS = 6;

/** For each page of runs: two milliseconds of the server's time at most. */
const MOST_ENTRIES = 100_000;

/**
 * Starts the rescuer of a shard.
 *
 * @returns stops it; resolves when its queues are closed
 */
export function startRescuer(shard: number, options: RescuersOptions): () => Promise<void> {
  const { store, redis, prefixOf, lockDurationMs, stalledIntervalMs, clock, logger } = options;
  const owner = newNonce();
  const queues = new RunQueues({ redis, prefixOf, onError: () => {} });
  const queueOf = (run: LiveRun) => queues.queueOf(shard, run.queue);
  const rescuer = new Rescuer({
    shard,
    store,
    lead: (of, forMs) => options.lead(of, owner, forMs),
    now: () => serverTime(redis),
    overdue: (runs) => overdueRuns(runs, { store, queueOf, mostEntries: MOST_ENTRIES }),
    rescue: (run, look) => rescueRun(run, { store, queueOf, handOverMs: lockDurationMs, ...look }),
    everyMs: STALLED_INTERVALS * stalledIntervalMs,
    minAgeMs: stalledIntervalMs,
    clock,
    onRescued: (rescued) => tell(rescued, options),
    onTrouble: (error) => logger.warn({ err: error }, TROUBLE),
  });
  return async () => {
    rescuer.stop();
    await queues.close();
  };
}

const TROUBLE =
  "the queues could not be searched for runs that lost their jobs; the next search is soon";

/** When a queue was emptied there are thousands. */
const MOST_LINES = 10;

function tell(rescued: readonly Rescued[], { logger, emitter }: RescuersOptions): void {
  for (const { run, job } of rescued.slice(0, MOST_LINES)) {
    const { runId, action, queue } = run;
    logger.warn(
      { run: runId, action, queue, job },
      `run ${runId} (${action}): it is not settled, and its job ${WHAT[job]}. The job was added anew, and the run goes on`,
    );
  }
  const more = rescued.length - MOST_LINES;
  if (more > 0)
    logger.warn({ more }, `${more} more runs had lost their jobs, which were added anew`);
  for (const { run, job } of rescued) {
    emitter.emit("rescued", { runId: run.runId, action: run.action, job });
  }
}

const WHAT: Readonly<Record<LostJob, string>> = {
  absent:
    "was gone: a client died while it enqueued the run, or somebody removed the job or emptied its queue",
  completed: "had completed: somebody changed the job's data, or completed it by hand",
  failed: "had failed: somebody deleted or changed the job's data, or failed it by hand",
};
