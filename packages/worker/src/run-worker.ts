import {
  type ActionImplementation,
  type Implementation,
  implementationOf,
  loggedError,
} from "@refrain/core";
import type { Worker as BullWorker } from "bullmq";
import type { Cluster, Redis } from "ioredis";
import { type Logger, pino } from "pino";
import { bullWorker } from "./bull-worker.ts";
import { closeOnSignals } from "./close-signals.ts";
import { logConnection } from "./connection-log.ts";
import type { DeliverOptions } from "./deliver.ts";
import { DeliveriesInHand } from "./delivery-in-hand.ts";
import { drain, within } from "./drain.ts";
import { NotReadyError } from "./errors.ts";
import { FirstSights } from "./first-sights.ts";
import { LockKeeper } from "./lock-keeper.ts";
import { type ProcessOptions, processJob } from "./process-job.ts";
import { type QueuePlan, queuesOf } from "./queues-of.ts";
import { startRescuer } from "./rescuers.ts";
import { RunSlots } from "./run-slots.ts";
import { ServerClock } from "./server-clock.ts";
import { ShardShares } from "./shard-shares.ts";
import { takeUnhandledRejections } from "./unhandled-rejections.ts";
import { watchShards } from "./watch-shards.ts";
import { WorkerEmitter, type WorkerEvent, type WorkerEvents } from "./worker-events.ts";

/** Takes runs from queues and works at them. */
export interface Worker {
  /**
   * Resolves when the worker takes runs.
   *
   * It rejects within 5 s when Redis cannot be reached; the worker goes on trying until it is closed. It also rejects when
   * the server does not fit (its credentials, its version, the number of shards): then the worker has given up.
   */
  ready(): Promise<void>;
  /**
   * Stops taking runs, and hands those back that it has, each at its next boundary: the call that runs is finished and
   * recorded, the next one is another worker's. Takes `drainTimeoutMs` at most. It costs a run no attempt of BullMQ's.
   */
  close(): Promise<void>;
  /** Listens to what the worker does. What a listener throws is logged. */
  on<E extends WorkerEvent>(event: E, listener: (event: WorkerEvents[E]) => void): void;
}

/** What a worker is made of; `createWorker` of the package `refrain` puts it together. */
export interface RunWorkerOptions
  extends Omit<DeliverOptions, "emitter" | "logger" | "actionLogger"> {
  /** Default: one that writes to standard output. */
  readonly logger?: Logger | undefined;
  readonly actions: readonly Implementation[];
  /** Default: the queues of its actions. */
  readonly queues?: readonly string[] | undefined;
  /** BullMQ's own connection; the worker makes duplicates of it. */
  readonly redis: Redis | Cluster;
  /** The numbers of the shards it takes runs from, as they are now: a namespace may grow. */
  readonly shards: () => Promise<readonly number[]>;
  /** The BullMQ prefix of a shard. */
  readonly prefixOf: (shard: number) => string;
  readonly concurrency: number;
  readonly lockDurationMs: number;
  readonly stalledIntervalMs: number;
  readonly drainTimeoutMs: number;
  readonly handleSignals: boolean;
  /** Resolves when Redis answers; rejects within 5 s, and with what to do, when it does not. */
  readonly reach: () => Promise<void>;
  /** Resolves when Redis is there and fits, however long that takes; rejects when it does not fit. */
  readonly connect: (logger: Logger) => Promise<void>;
  /** Asks for the lease of a shard's rescuer, or to keep it. */
  readonly lead: (shard: number, owner: string, forMs: number) => Promise<boolean>;
  /** Closes what the parts above opened. */
  readonly close: () => Promise<void>;
}

const ANSWER_WITHIN_MS = 5000;
const CLOSE_WITHIN_MS = 2000;

/** The `Worker` over a store and BullMQ. It starts by itself. */
export class RunWorker implements Worker {
  readonly #options: RunWorkerOptions;
  readonly #logger: Logger;
  readonly #actionLogger: Logger;
  readonly #emitter: WorkerEmitter;
  readonly #inHand = new DeliveriesInHand();
  readonly #slots: RunSlots;
  readonly #implementations: ReadonlyMap<string, ActionImplementation>;
  readonly #plans: readonly QueuePlan[];
  readonly #bullWorkers: BullWorker[] = [];
  readonly #stopRescuers: (() => Promise<void>)[] = [];
  readonly #shares: ShardShares;
  readonly #started: Promise<void>;
  readonly #undo: (() => void)[] = [];
  #stopLogging: (() => void) | undefined;
  #stopWatching: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: RunWorkerOptions) {
    const { concurrency, clock, logger = pino({ name: "refrain" }) } = options;
    this.#options = options;
    // What Refrain itself logs of an error; what actions log is theirs.
    this.#logger = logger.child({}, { serializers: { err: loggedError } });
    this.#actionLogger = logger;
    this.#implementations = new Map(
      options.actions.map((action) => [action.name, implementationOf(action)]),
    );
    this.#emitter = new WorkerEmitter((error) =>
      this.#logger.error(
        { err: error },
        "a listener of a worker event threw; runs are not affected",
      ),
    );
    this.#plans = queuesOf([...this.#implementations.values()], options);
    const bounds = boundsOf(this.#implementations.values());
    this.#slots = new RunSlots({ concurrency, bounds, clock });
    this.#shares = new ShardShares(clock);
    this.#undo.push(() => this.#shares.stop());
    if (options.handleRejections) this.#undo.push(takeUnhandledRejections());
    if (options.handleSignals) this.#undo.push(closeOnSignals(() => this.close()));
    this.#started = this.#start();
    this.#started.catch((error: unknown) => {
      if (this.#closed === undefined)
        this.#logger.error({ err: error }, "the worker could not start");
    });
  }

  on<E extends WorkerEvent>(event: E, listener: (event: WorkerEvents[E]) => void): void {
    this.#emitter.on(event, listener);
  }

  async ready(): Promise<void> {
    const { clock, reach } = this.#options;
    if (this.#closed !== undefined) throw new NotReadyError("the worker is closed");
    await Promise.race([reach(), this.#started]);
    if (await within(ANSWER_WITHIN_MS, this.#started, clock)) return this.#started;
    throw new NotReadyError(
      `Redis accepts connections, but did not answer within ${ANSWER_WITHIN_MS / 1000} s: look whether it is loading its files, blocked or out of reach; the worker goes on trying until it is closed`,
    );
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #start(): Promise<void> {
    await this.#options.connect(this.#logger);
    if (this.#closed !== undefined) return;
    this.#stopLogging = logConnection(this.#options.redis, this.#options.clock, this.#logger);
    const { shards, stalledIntervalMs, clock } = this.#options;
    const logger = this.#logger;
    const shared = this.#processOptions();
    const known = await shards();
    await Promise.all(known.map((shard) => this.#consume(shard, shared)));
    if (this.#closed !== undefined) return;
    const queues = this.#plans.map((plan) => plan.queue);
    logger.info({ queues, actions: [...this.#implementations.keys()] }, "worker started");
    this.#stopWatching = watchShards({
      shards,
      known,
      everyMs: stalledIntervalMs,
      clock,
      onAdded: async (shard) => {
        await this.#consume(shard, shared);
        logger.info({ shard }, GROWN);
      },
      onTrouble: (error) => logger.warn({ err: error }, NOT_SEEN_TO_GROW),
    });
  }

  async #consume(shard: number, shared: ProcessOptions): Promise<void> {
    const logger = this.#logger;
    const started = this.#plans.map((plan) => this.#bullWorker(shard, plan, shared));
    const workers = started.map(({ worker }) => worker);
    this.#bullWorkers.push(...workers);
    try {
      await Promise.all(workers.map((worker) => worker.waitUntilReady()));
    } catch (error) {
      for (const worker of workers) worker.close().catch(() => {});
      throw error;
    }
    if (this.#closed !== undefined) return;
    for (const { worker, share } of started) {
      share();
      worker.run().catch((error: unknown) => logger.error({ err: error }, "BullMQ's loop ended"));
    }
    const options = { ...this.#options, logger, emitter: this.#emitter };
    this.#stopRescuers.push(startRescuer(shard, options));
  }

  #bullWorker(
    shard: number,
    { queue, concurrency }: QueuePlan,
    shared: ProcessOptions,
  ): { readonly worker: BullWorker; readonly share: () => void } {
    const { redis, prefixOf, lockDurationMs, stalledIntervalMs, clock } = this.#options;
    const prefix = prefixOf(shard);
    const logger = this.#logger;
    const keeper = new LockKeeper({
      lockDurationMs,
      clock,
      extend: (ids, tokens, ms) => worker.extendJobLocks(ids, tokens, ms),
      isStillHeld: redis.isCluster
        ? async (id, token) => (await redis.get(worker.toKey(`${id}:lock`))) === token
        : undefined,
      onTrouble: (message, error) => logger.warn({ queue, err: error }, message),
    });
    const worker = bullWorker({
      queue,
      prefix,
      redis,
      concurrency,
      lockDurationMs,
      stalledIntervalMs,
      process: (job, token) => processJob(job, token, { queue, shard }, keeper, shared),
      onError: (error) => logger.debug({ queue, err: error }, "BullMQ reports an error"),
    });
    const sharer = {
      get inHand() {
        return keeper.size;
      },
      get share() {
        return worker.concurrency;
      },
      set share(jobs) {
        worker.concurrency = jobs;
      },
    };
    return { worker, share: () => this.#shares.add(queue, concurrency, sharer) };
  }

  #processOptions(): ProcessOptions {
    const { redis, clock } = this.#options;
    const serverClock = new ServerClock(redis, clock, this.#logger);
    return {
      ...this.#options,
      logger: this.#logger,
      actionLogger: this.#actionLogger,
      emitter: this.#emitter,
      implementations: this.#implementations,
      inHand: this.#inHand,
      slots: this.#slots,
      firstSights: new FirstSights(this.#options.clock),
      isClosing: () => this.#closed !== undefined,
      leadMs: () => serverClock.leadMs(),
    };
  }

  async #close(): Promise<void> {
    const { drainTimeoutMs, clock } = this.#options;
    const logger = this.#logger;
    logger.info({ inHand: this.#inHand.size }, "worker closing: it takes no more runs");
    this.#stopWatching?.();
    // Awaited late: BullMQ stops fetching at once, and is done when its jobs are.
    const closing = Promise.allSettled([
      ...this.#stopRescuers.map((stop) => stop()),
      ...this.#bullWorkers.map((worker) => worker.close()),
    ]);
    this.#slots.dismissAll();
    await drain({ timeoutMs: drainTimeoutMs, clock, inHand: this.#inHand });
    const left = this.#inHand.size;
    if (left > 0) logger.warn({ left }, LEFT);
    await within(CLOSE_WITHIN_MS, closing, clock);
    this.#stopLogging?.();
    await within(CLOSE_WITHIN_MS, this.#options.close(), clock);
    for (const undo of this.#undo) undo();
    logger.info("worker closed");
  }
}

const GROWN = "the namespace has grown: this worker takes runs from its new shard";

const NOT_SEEN_TO_GROW =
  "whether the namespace has grown could not be looked at, or runs cannot be taken from its new shard yet; the next look is soon";

const LEFT =
  "the worker closed, and Redis had not confirmed what became of some of its runs: their locks run out by themselves, and other workers go on with them";

function boundsOf(implementations: Iterable<ActionImplementation>): Map<string, number> {
  const bounds = new Map<string, number>();
  for (const { definition, concurrency } of implementations) {
    if (concurrency !== undefined) bounds.set(definition.name, concurrency);
  }
  return bounds;
}
