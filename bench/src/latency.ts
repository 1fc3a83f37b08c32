import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import {
  type Action,
  createClient,
  createWorker,
  type DurableContext,
  defineAction,
  durable,
} from "refrain";
import { median } from "./statistics.ts";
import { step } from "./system.ts";

/** Microseconds of one thing after the other in a single run: the medians of many. */
export interface Latencies {
  /** A script that stores 100 bytes, sent and awaited. */
  readonly roundTrip: number;
  readonly completionOnly: number;
  readonly reconcilable: number;
}

/** Runs that do not count: their process is to be as warm as a worker that has worked for a while. */
const WARM_UP_RUNS = 5;
const BLOCKS = 10;
const BLOCK = 100;
const SCRIPT = "return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])";

const latency: Action<string, Latencies> = defineAction<string, Latencies>({ name: "latency" });
const reconciler = (): Promise<string> => step("", 0);
const durableStep = durable("bench.step", step);

/** Measures blocks of each in turn, in one run of a worker with nothing else to do. */
export async function measureLatencies(redisUrl: string): Promise<Latencies> {
  const redis = new Redis(redisUrl);
  const namespace = `bench-${process.pid}`;
  const digest = String(await redis.script("LOAD", SCRIPT));
  const key = `{${namespace}:0}:round-trips`;
  const roundTrips = durable("bench.round-trips", async (_block: number) => {
    const value = await step("", 0);
    return timesOf((index) => redis.evalsha(digest, 1, key, index, value));
  });
  const implementation = latency.implement((ctx) => takeTurns(ctx, roundTrips));
  const client = createClient({ connection: redisUrl, namespace });
  const worker = createWorker({ connection: redisUrl, namespace, actions: [implementation] });
  await worker.ready();
  const takeOnce = async (): Promise<Latencies> => {
    const run = await client.enqueue(latency, "", { runId: randomUUID() });
    return run.result();
  };
  for (let run = 0; run < WARM_UP_RUNS; run += 1) await takeOnce();
  const latencies = await takeOnce();
  await worker.close();
  await client.close();
  await redis.unlink(key);
  redis.disconnect();
  return latencies;
}

async function takeTurns(
  ctx: DurableContext,
  roundTrips: ReturnType<typeof durable<[number], Promise<number[]>>>,
): Promise<Latencies> {
  const times: Record<keyof Latencies, number[]> = {
    roundTrip: [],
    completionOnly: [],
    reconcilable: [],
  };
  for (let block = 0; block < BLOCKS; block += 1) {
    times.roundTrip.push(...(await ctx.durableExecute(roundTrips, [block])));
    times.completionOnly.push(
      ...(await timesOf((index) => ctx.durableExecute(durableStep, ["completion-only", index]))),
    );
    times.reconcilable.push(
      ...(await timesOf((index) =>
        ctx.durableExecute(durableStep, ["reconcilable", index], { reconciler }),
      )),
    );
  }
  return {
    roundTrip: median(times.roundTrip),
    completionOnly: median(times.completionOnly),
    reconcilable: median(times.reconcilable),
  };
}

/** Microseconds of each; the first is left out, since it waits for what came before. */
async function timesOf(act: (index: number) => Promise<unknown>): Promise<number[]> {
  await act(0);
  const times: number[] = [];
  for (let index = 1; index < BLOCK; index += 1) {
    const startedAt = performance.now();
    await act(index);
    times.push((performance.now() - startedAt) * 1000);
  }
  return times;
}
