import {
  type ActionImplementation,
  type Attempt,
  defineAction,
  implementationOf,
  msgpackCodec,
  newNonce,
  runAction,
} from "@refrain/core";
import { connectRedis, RedisStore, ShardKeys } from "@refrain/redis-store";
import type { Redis } from "ioredis";
import { makeCalls } from "./order.ts";
import { removeKeys } from "./remove-keys.ts";
import { median } from "./statistics.ts";

/** Milliseconds, medians of several. */
export interface ReplayFigures {
  readonly calls: number;
  /** HGETALL of the run's journal, as buffers. */
  readonly bare: number;
  /** From sending the claim to the last outcome that the action sees. */
  readonly replay: number;
}

/** So many calls are replayed, and read bare as often, before anything is measured: by then Node has compiled both. */
const WARM_UP_CALLS = 100_000;

const names = { runId: "order-1", action: "bench", queue: "default" };
const implementation = (atEnd: () => void, calls: number): ActionImplementation =>
  implementationOf(
    defineAction<string, never>({ name: names.action }).implement(async (ctx, id) => {
      await makeCalls(ctx, { id, calls, isReconcilable: false });
      atEnd();
      // The run stays as it is, to be replayed again.
      return new Promise<never>(() => {});
    }),
  );

/** Has one run record many calls, and replays them again and again, each time beside the bare command. */
export async function measureReplay(
  redisUrl: string,
  calls: number,
  times: number,
): Promise<ReplayFigures> {
  const namespace = `bench-replay-${process.pid}`;
  const { redis } = connectRedis(redisUrl, "journal");
  const store = new RedisStore({ redis, namespace });
  await removeKeys(redis, `{${namespace}:*`);
  const input = msgpackCodec.encode(names.runId);
  await store.create({ ...names, version: "", input, inputDigest: "", requestId: newNonce() });
  const journal = new ShardKeys(namespace, 0).of(names.runId).calls;
  let attempts = 0;
  const attempt = (): Promise<number> => timeOfAttempt(store, calls, (attempts += 1));
  // The first records the calls.
  await attempt();
  for (let replayed = 0; replayed < WARM_UP_CALLS; replayed += calls) {
    await timeOfRead(redis, journal);
    await attempt();
  }
  const bare: number[] = [];
  const replays: number[] = [];
  for (let time = 0; time < times; time += 1) {
    bare.push(await timeOfRead(redis, journal));
    replays.push(await attempt());
  }
  await removeKeys(redis, `{${namespace}:*`);
  await store.close();
  redis.disconnect();
  return { calls, bare: median(bare), replay: median(replays) };
}

async function timeOfRead(redis: Redis, key: string): Promise<number> {
  const startedAt = performance.now();
  await redis.hgetallBuffer(key);
  return performance.now() - startedAt;
}

async function timeOfAttempt(
  store: RedisStore,
  calls: number,
  attemptsStarted: number,
): Promise<number> {
  const delivery = {
    ...names,
    nonce: newNonce(),
    jobTimestamp: 1,
    attemptsStarted,
    incarnation: 0,
  };
  const startedAt = performance.now();
  const reply = await store.claim(delivery);
  if (reply.kind !== "claimed") throw new Error(`the claim was answered with "${reply.kind}"`);
  let attempt: Attempt | undefined;
  const endedAt = await new Promise<number>((resolve) => {
    const atEnd = (): void => resolve(performance.now());
    attempt = runAction({ ...reply, implementation: implementation(atEnd, calls) });
  });
  attempt?.release();
  await attempt?.done;
  return endedAt - startedAt;
}
