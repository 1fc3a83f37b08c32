import { checkName, checkOptions, type Implementation, implementationOf } from "@refrain/core";
import { checkQueueName, MOST_SHARDS, type Risk } from "@refrain/redis-store";
import type { Logger } from "pino";
import { checkRisks } from "./accept-risks.ts";
import { checkWhole } from "./check-number.ts";
import { COMMON_KEYS, type CommonOptions, checkCommonOptions } from "./common-options.ts";

export interface WorkerOptions extends CommonOptions {
  /** What this worker can run, each made by `action.implement`. */
  readonly actions: readonly Implementation[];
  /** The queues it takes runs from. Default: those of its actions. */
  readonly queues?: readonly string[];
  /**
   * The shards it takes runs from, and whose lost jobs it brings back, by their numbers from 0. See to it that every shard has a
   * worker: what is in the others waits. Default: all, with those that a growth adds.
   */
  readonly consumeShards?: readonly number[];
  /** Runs at once. Default 10. */
  readonly concurrency?: number;
  /**
   * How long a run stays with a worker that gives no sign of life. Longer than any block of the event loop and any pause
   * of Redis; the same for all workers of a queue. Default 15,000.
   */
  readonly lockDurationMs?: number;
  /** How often queues are searched for runs of dead workers. A run goes on after up to 4 times this. Default 5,000. */
  readonly stalledIntervalMs?: number;
  /** How long `close` waits for the calls that run, so that their outcomes are recorded here. Default 30,000. */
  readonly drainTimeoutMs?: number;
  /** A run whose attempts vanish this often, one after another and without any progress, fails. Default 10. */
  readonly poisonAfter?: number;
  /** Closes the worker at SIGTERM and SIGINT, and then ends the process with 0. Default false. */
  readonly handleSignals?: boolean;
  /**
   * Fails a run whose code leaves a rejection unhandled, and keeps the process, which Node would end. It needs an
   * AsyncLocalStorage, which on Node 20 takes about a tenth of the CPU time of a worker whose calls do next to nothing. Default
   * true.
   */
  readonly handleRejections?: boolean;
  /**
   * Dangers of the server that are known and accepted; nothing is said of them then. "no-persistence": it keeps runs in memory,
   * and a restart loses them; with NODE_ENV=production the worker does not start on such a server otherwise. "plaintext":
   * the connection leaves this machine without TLS; with NODE_ENV=production that is warned of otherwise. Default none.
   */
  readonly acceptRisks?: readonly Risk[];
  /** A pino logger. Default: one that writes to standard output. */
  readonly logger?: Logger;
}

const KEYS = [
  ...COMMON_KEYS,
  "actions",
  "queues",
  "consumeShards",
  "concurrency",
  "lockDurationMs",
  "stalledIntervalMs",
  "drainTimeoutMs",
  "poisonAfter",
  "handleSignals",
  "handleRejections",
  "acceptRisks",
  "logger",
];

const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULTS = {
  concurrency: 10,
  lockDurationMs: 15_000,
  stalledIntervalMs: 5000,
  drainTimeoutMs: 30_000,
  poisonAfter: 10,
  handleSignals: false,
  handleRejections: true,
  acceptRisks: [],
} as const;

type Defaulted = { readonly [K in keyof typeof DEFAULTS]: Required<WorkerOptions>[K] };

/** @throws TypeError that names the option which is wrong. */
export function readWorkerOptions(options: WorkerOptions): WorkerOptions & Defaulted {
  checkOptions("createWorker", options, KEYS);
  checkCommonOptions("createWorker", options);
  const { actions, queues = [], handleSignals, handleRejections } = options;
  checkActions(actions);
  for (const queue of queues) {
    checkName("createWorker: a queue", queue);
    checkQueueName(queue);
  }
  for (const [name, value] of Object.entries({ handleSignals, handleRejections })) {
    if (value === undefined || typeof value === "boolean") continue;
    throw new TypeError(`createWorker: ${name} must be true or false`);
  }
  checkConsumed(options.consumeShards);
  checkRisks("createWorker: acceptRisks", options.acceptRisks ?? []);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const read = { ...DEFAULTS, ...(Object.fromEntries(given) as unknown as WorkerOptions) };
  checkWhole("createWorker: concurrency", read.concurrency, 1, 100_000);
  checkWhole("createWorker: lockDurationMs", read.lockDurationMs, 100, DAY_MS);
  checkWhole("createWorker: stalledIntervalMs", read.stalledIntervalMs, 100, DAY_MS);
  checkWhole("createWorker: drainTimeoutMs", read.drainTimeoutMs, 0, DAY_MS);
  checkWhole("createWorker: poisonAfter", read.poisonAfter, 1, 1_000_000);
  return read;
}

function checkConsumed(shards: readonly number[] | undefined): void {
  if (shards === undefined) return;
  if (!Array.isArray(shards) || shards.length === 0) {
    throw new TypeError(
      "createWorker: consumeShards must be a list of at least one shard's number",
    );
  }
  for (const shard of shards) {
    checkWhole("createWorker: a shard in consumeShards", shard, 0, MOST_SHARDS - 1);
  }
  if (new Set(shards).size < shards.length) {
    throw new TypeError("createWorker: consumeShards names a shard twice");
  }
}

function checkActions(actions: readonly Implementation[]): void {
  if (!Array.isArray(actions) || actions.length === 0) {
    throw new TypeError("createWorker: actions must be a list of at least one implementation");
  }
  const names = new Set<string>();
  for (const { definition } of actions.map(implementationOf)) {
    checkQueueName(definition.queue);
    if (names.has(definition.name)) {
      throw new TypeError(`createWorker: two implementations of action "${definition.name}"`);
    }
    names.add(definition.name);
  }
}
