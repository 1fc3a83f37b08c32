import { RedisStore } from "@refrain/redis-store";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pending, settlement } from "../src/conformance/sample-calls.ts";
import { randomId } from "../src/conformance/store-test.ts";
import { keysWithoutTtl } from "../src/key-leaks.ts";
import { type RedisServer, startRedis } from "../src/start-redis.ts";

describe("keysWithoutTtl", () => {
  let server: RedisServer;
  let redis: Redis;

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  it("finds no fault with live runs, settled runs and queues in use", async () => {
    const store = new RedisStore({ redis, namespace: "good" });
    await store.ready();
    for (const isSettled of [false, true]) await runOn(store, `{odd}:id ${isSettled}`, isSettled);
    await redis.set("{good:0}:default:meta", "BullMQ's");

    expect(await keysWithoutTtl(redis, "good", { queues: ["default"] })).toEqual([]);
  });

  it("names the keys of settled runs that would stay, and keys that nobody knows", async () => {
    const store = new RedisStore({ redis, namespace: "bad" });
    await runOn(store, "done", true);
    await redis.persist("{bad:0}:run:done");
    await redis.hset("{bad:0}:run:gone:calls", "0", "left behind");
    await redis.set("{bad:0}:stray", "left behind");
    await redis.set("{other:0}:stray", "of another namespace");

    expect(await keysWithoutTtl(redis, "bad")).toEqual([
      "{bad:0}:run:done",
      "{bad:0}:run:gone:calls",
      "{bad:0}:stray",
    ]);
  });
});

async function runOn(store: RedisStore, runId: string, isSettled: boolean): Promise<void> {
  const run = { runId, action: "act", version: "", queue: "default" };
  const input = { input: new Uint8Array(1), inputDigest: "", requestId: randomId() };
  await store.create({ ...run, ...input });
  const reply = await store.claim({
    ...run,
    nonce: randomId(),
    jobTimestamp: 1,
    attemptsStarted: 1,
    incarnation: 0,
  });
  if (reply.kind !== "claimed") throw new Error(`the claim was answered with "${reply.kind}"`);
  reply.claim.append(pending(0));
  if (isSettled) reply.claim.settle(settlement());
  await reply.claim.acknowledged();
}
