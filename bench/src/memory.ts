import { EventEmitter, once } from "node:events";
import {
  type CallResult,
  decodeCall,
  isSettled,
  msgpackCodec,
  type SettledCall,
} from "@refrain/core";
import { eventually } from "@refrain/testkit";
import { Redis } from "ioredis";
import type { SystemName, Work } from "./contenders.ts";
import { removeKeys } from "./remove-keys.ts";
import { CONCURRENCY, type Place } from "./system.ts";
import { systems } from "./systems.ts";
import { workOff } from "./work-off.ts";

/** Bytes of Redis per run of W(10), as MEMORY USAGE counts them, of every key that belongs to runs. */
export interface MemoryFigures {
  /** A finished job of BullMQ's, and its share of the queue. */
  readonly job: number;
  /** A settled run of Refrain's: its job, its record, and its share of the queue. */
  readonly settledRun: number;
  /** The record alone: what is left when BullMQ has dropped the job. */
  readonly record: number;
  /** The journal of a live run whose ten calls are recorded. */
  readonly naiveJournal: number;
  readonly journal: number;
  /** The same journal if each call's facts were one JSON text. */
  readonly jsonJournal: number;
}

const work: Work = { calls: 10, isReconcilable: false };
/** As many finished jobs as BullMQ is told to keep. */
const SETTLED = 1000;

export interface MemoryOptions extends Pick<Place, "redisUrl" | "logger"> {
  /** Runs that settle. Default 1000. */
  readonly settled?: number;
}

/** Counts the memory of runs that are settled, and of runs that are held live. */
export async function measureMemory(options: MemoryOptions): Promise<MemoryFigures> {
  const { settled = SETTLED, ...server } = options;
  const redis = new Redis(server.redisUrl);
  const place: Place = { ...server, namespace: `bench-memory-${process.pid}` };
  const keys = `{${place.namespace}:0}`;
  const afterRuns = async (system: SystemName): Promise<void> => {
    await systems[system].enqueue(place, settled, work);
    await workOff(system, place, { runs: settled });
  };
  await afterRuns("raw");
  const job = (await bytesOf(redis, `${keys}:*`)) / settled;
  await removeKeys(redis, `${keys}:*`);
  await afterRuns("refrain");
  const settledRun = (await bytesOf(redis, `${keys}:*`)) / settled;
  const record = (await bytesOf(redis, `${keys}:run:*`)) / settled;
  await removeKeys(redis, `${keys}:*`);
  const naive = `${keys}:journal:*`;
  const naiveJournal = await whileLive(redis, place, "naive1", naive, () => bytesOf(redis, naive));
  const own = `${keys}:run:*:calls`;
  const [journal, jsonJournal] = await whileLive(redis, place, "refrain", own, async () => [
    await bytesOf(redis, own),
    await bytesAsJson(redis, own),
  ]);
  redis.disconnect();
  return {
    job,
    settledRun,
    record,
    naiveJournal: naiveJournal / CONCURRENCY,
    journal: journal / CONCURRENCY,
    jsonJournal: jsonJournal / CONCURRENCY,
  };
}

/** Looks at as many runs as one worker has at once, when all their calls are recorded. */
async function whileLive<T>(
  redis: Redis,
  place: Place,
  system: SystemName,
  pattern: string,
  look: () => Promise<T>,
): Promise<T> {
  const gate = new EventEmitter();
  const hold = once(gate, "open");
  let ended = 0;
  await systems[system].enqueue(place, CONCURRENCY, work);
  const progress = { began: () => {}, ended: () => void (ended += 1), hold };
  const stop = await systems[system].start(place, progress);
  await eventually(() => allRecorded(redis, pattern));
  const seen = await look();
  gate.emit("open");
  await eventually(() => {
    if (ended < CONCURRENCY) throw new Error(`${ended} of ${CONCURRENCY} runs ended`);
  });
  await stop();
  await removeKeys(redis, `{${place.namespace}:*`);
  return seen;
}

async function allRecorded(redis: Redis, pattern: string): Promise<void> {
  const keys = await keysOf(redis, pattern);
  const journals = await Promise.all(keys.map((key) => redis.hkeys(key)));
  const full = journals.filter((fields) => fields.filter(isSlot).length === work.calls).length;
  if (full < CONCURRENCY) throw new Error(`${full} of ${CONCURRENCY} journals are full`);
}

async function bytesOf(redis: Redis, pattern: string): Promise<number> {
  // The stream of events is as long as its limit, however many runs there were.
  const keys = (await keysOf(redis, pattern)).filter((key) => !key.endsWith(":events"));
  const sizes = await Promise.all(keys.map((key) => redis.memory("USAGE", key, "SAMPLES", 0)));
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
}

async function bytesAsJson(redis: Redis, pattern: string): Promise<number> {
  let bytes = 0;
  for (const key of await keysOf(redis, pattern)) {
    const calls = await redis.hgetallBuffer(key);
    const stored = Object.entries(calls).filter(([field]) => isSlot(field));
    const texts = stored.map(([slot, call]): [string, string] => {
      const { payload, ...facts } = outcomeOf(decodeCall(Number(slot), call));
      return [slot, JSON.stringify({ ...facts, value: msgpackCodec.decode(payload) })];
    });
    // A name as long as the original's.
    const copy = `${key.slice(0, -1)}J`;
    await redis.hset(copy, new Map(texts));
    bytes += (await redis.memory("USAGE", copy, "SAMPLES", 0)) ?? 0;
    await redis.unlink(copy);
  }
  return bytes;
}

/** A journal holds other fields besides: whose it is. */
function isSlot(field: string): boolean {
  return /^\d+$/.test(field);
}

function outcomeOf(call: CallResult): SettledCall {
  if (isSettled(call)) return call;
  throw new Error(`call ${call.slot} has no outcome`);
}

async function keysOf(redis: Redis, pattern: string): Promise<string[]> {
  const keys = new Set<string>();
  for await (const batch of redis.scanStream({ match: pattern, count: 1000 })) {
    for (const key of batch as readonly string[]) keys.add(key);
  }
  return [...keys];
}
