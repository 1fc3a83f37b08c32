// A worker process of the bed. It writes down what it does, closes at SIGTERM, and dies with whoever started it.
import { RunWorker } from "@refrain/worker";
import { Cluster } from "ioredis";
import { pino } from "pino";
import { workerParts } from "../../../src/create-worker.ts";
import { BedAttempt, bedAction } from "./bed-action.ts";
import { BedLedger } from "./bed-ledger.ts";
import { EffectStore } from "./effect-store.ts";
import { type MutantName, mutate } from "./mutants.ts";
import { NotingPort } from "./noting-port.ts";
import { notingStore } from "./noting-store.ts";

export interface BedWorkerSettings {
  /** Undefined for a cluster. */
  readonly url: string | undefined;
  /** Nodes of the cluster. */
  readonly seeds: readonly { readonly host: string; readonly port: number }[] | undefined;
  readonly shards: number;
  readonly namespace: string;
  readonly ledger: string;
  readonly log: string;
  /** Who it is in the ledger. */
  readonly by: string;
  readonly version: string;
  readonly lockDurationMs: number;
  readonly stalledIntervalMs: number;
  readonly mutant?: MutantName | undefined;
}

const settings = JSON.parse(process.env["BED_WORKER"] ?? "{}") as BedWorkerSettings;
const ledger = new BedLedger(settings.ledger, settings.by);
const effects = new EffectStore(new BedLedger(settings.ledger, settings.by));
const nonces = new Map<string, string>();

const implementation = bedAction(settings.version).implement(
  (ctx, input) => {
    const nonce = nonces.get(`${ctx.runId}/${ctx.attempt}`) ?? "";
    return new BedAttempt(ctx, input, { nonce, ledger, effects }).run(input.program);
  },
  { onDivergence: "fail" },
);

const { url, seeds = [], shards } = settings;
const mutant = mutate(settings.mutant);
const parts = workerParts(
  {
    connection: url ?? new Cluster([...seeds], { lazyConnect: true }),
    shards,
    namespace: settings.namespace,
    lockDurationMs: settings.lockDurationMs,
    stalledIntervalMs: settings.stalledIntervalMs,
    drainTimeoutMs: 3000,
    concurrency: 12,
    // What a bed does to its workers in a few seconds, a run meets in years.
    poisonAfter: 1000,
    handleSignals: true,
    logger: pino({ level: "info" }, pino.destination({ dest: settings.log, sync: true })),
    actions: [implementation],
  },
  { wrapPort: (port) => mutant.wrapPort(new NotingPort(port, ledger)) },
);
const store = notingStore(parts.store, ledger, (runId, epoch, nonce) =>
  nonces.set(`${runId}/${epoch}`, nonce),
);
const worker = new RunWorker({ ...parts, store: mutant.wrapStore(store) });
await worker.ready();
ledger.write({ kind: "ready", version: settings.version });

const LOOK_MS = 50;
const parent = process.ppid;
let lookedAt = performance.now();
setInterval(() => {
  const lateMs = performance.now() - lookedAt - LOOK_MS;
  lookedAt = performance.now();
  if (lateMs > settings.lockDurationMs / 5) ledger.write({ kind: "lag", ms: Math.round(lateMs) });
  if (process.ppid !== parent) process.exit(1);
}, LOOK_MS).unref();
