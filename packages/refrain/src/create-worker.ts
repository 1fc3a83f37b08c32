import { type CommitPort, codecOf, defaultLimits, msgpackCodec, systemClock } from "@refrain/core";
import { addressOf, optionsOf, RedisStore, ShardKeys, waitUntilReady } from "@refrain/redis-store";
import { RunWorker, type RunWorkerOptions, type Worker } from "@refrain/worker";
import type { Logger } from "pino";
import { becomeReady } from "./become-ready.ts";
import { Connections } from "./connect.ts";
import { shardsToConsume } from "./shards-to-consume.ts";
import { readWorkerOptions, type WorkerOptions } from "./worker-options.ts";

/**
 * Makes a worker. It connects and takes runs by itself; `ready` says when.
 *
 * @throws TypeError on an unknown or bad option.
 */
export function createWorker(options: WorkerOptions): Worker {
  return new RunWorker(workerParts(options));
}

/** What tests put in between. */
export interface WorkerSeams {
  /** Wraps the way batches take to the journal. */
  readonly wrapPort?: (port: CommitPort) => CommitPort;
}

export function workerParts(given: WorkerOptions, seams: WorkerSeams = {}): RunWorkerOptions {
  const options = readWorkerOptions(given);
  const { namespace = "refrain", shards, errors = {} } = options;
  const codec = codecOf(namespace, options.codec ?? msgpackCodec);
  const limits = { ...defaultLimits, ...options.limits };
  const connections = new Connections(options.connection);
  const redis = connections.open("worker");
  const journal = connections.open("journal");
  let log: Logger | undefined;
  const onTrouble = (message: string): void => log?.warn(message);
  const { durability } = options;
  const parts = { redis: journal, namespace, shards, limits, durability, onTrouble };
  const store = new RedisStore({ ...parts, ...seams });
  const judging = { isProduction: isProduction(), acceptRisks: options.acceptRisks };
  return {
    ...options,
    store,
    redis,
    shards: () => shardsToConsume(store.layout, options.consumeShards),
    prefixOf: (shard) => new ShardKeys(namespace, shard).prefix,
    codec,
    errors,
    limits,
    clock: systemClock,
    scope: JSON.stringify([addressOf(redis), optionsOf(redis).db, namespace]),
    lead: (shard, owner, forMs) => store.lead(shard, owner, forMs),
    reach: () => waitUntilReady(journal),
    connect: (logger) => {
      log = logger;
      return becomeReady({ store, journal, redis, namespace, durability, logger, judging });
    },
    close: () => connections.close(store.close()),
  };
}

/** What is merely warned of elsewhere can be refused where runs matter. */
function isProduction(): boolean {
  return process.env["NODE_ENV"] === "production";
}
