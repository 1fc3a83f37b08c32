import { describe, expect, it } from "vitest";
import { RedisStore, ShardKeys, shardOf } from "../src/index.ts";
import { newRun, openStore } from "./store-bench.ts";

describe("a store of several shards", () => {
  it("spreads its runs over them, each to where its id says", async () => {
    await using bench = await openStore({ shards: 4 });
    const runs = Array.from({ length: 40 }, (_, i) => newRun({ runId: `order-${i}` }));
    for (const run of runs) await bench.store.create(run);

    const counts = [];
    for (let shard = 0; shard < 4; shard++) {
      counts.push(await bench.redis.zcard(new ShardKeys(bench.namespace, shard).live));
    }

    expect(counts.reduce((sum, count) => sum + count)).toBe(40);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  it("lists live runs of all shards in one order, page by page", async () => {
    await using bench = await openStore({ shards: 3 });
    const runs = Array.from({ length: 20 }, (_, i) => newRun({ runId: `order-${i}` }));
    for (const run of runs) await bench.store.create(run);

    const all = await bench.store.rebuild({ limit: 20 });
    const pages = [];
    for (const offset of [0, 7, 14, 21])
      pages.push(...(await bench.store.rebuild({ offset, limit: 7 })));

    expect(pages).toEqual(all);
    expect(all).toHaveLength(20);
    const times = [];
    for (const { runId } of all) times.push((await bench.store.read(runId))?.createdAt ?? 0);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});

it("lists the live runs of each shard by themselves", async () => {
  await using bench = await openStore({ shards: 3 });
  const runs = Array.from({ length: 20 }, (_, i) => newRun({ runId: `order-${i}` }));
  for (const run of runs) await bench.store.create(run);

  const shards = [];
  for (let shard = 0; shard < 3; shard++) shards.push(await bench.store.rebuild({ shard }));

  for (const [shard, live] of shards.entries()) {
    expect(live.map(({ runId }) => shardOf(runId, 3))).toEqual(live.map(() => shard));
  }
  expect(shards.flat()).toHaveLength(20);
});

describe("the layout", () => {
  it("is written by the first store and the same for all alike", async () => {
    await using bench = await openStore({ shards: 3 });

    await bench.store.ready();
    await bench.store.ready();

    const stored = await bench.redis.hgetall(`{${bench.namespace}:0}:layout`);
    expect(stored).toEqual({ version: "1", shards: "3" });
  });

  it("of another number of shards is refused, and both numbers are named", async () => {
    await using bench = await openStore({ shards: 3 });
    await bench.store.ready();
    const { redis, namespace } = bench;

    const other = new RedisStore({ redis, namespace, shards: 1 }).ready();

    await expect(other).rejects.toMatchObject({ code: "STORE" });
    await expect(other).rejects.toThrow(/is laid out in 3 shards, not 1: give `shards: 3`/);
  });

  it("of a newer release is refused", async () => {
    await using bench = await openStore();
    await bench.redis.hset(`{${bench.namespace}:0}:layout`, { version: "2", shards: "1" });

    await expect(bench.store.ready()).rejects.toThrow(/layout version 2, this release knows 1/);
  });
});

describe("a store cannot be made", () => {
  it("with a bad namespace, a bad number of shards or a keyPrefix", async () => {
    await using bench = await openStore();
    const { redis } = bench;
    const prefixed = redis.duplicate({ keyPrefix: "app:", lazyConnect: true });

    expect(() => new RedisStore({ redis, namespace: "a:b" })).toThrow(TypeError);
    for (const shards of [0, 1.5, -1, Number.NaN, 2000]) {
      expect(() => new RedisStore({ redis, shards })).toThrow(/shards must be a whole number/);
    }
    expect(() => new RedisStore({ redis: prefixed })).toThrow(/keyPrefix/);
  });
});
