import type { NewRun } from "@refrain/core";
import { describe, expect, it } from "vitest";
import {
  type GrowthStep,
  growShards,
  type RedisStore,
  readLayout,
  ShardKeys,
} from "../src/index.ts";
import { anotherStore, placesOf, runsOfEveryWay } from "./growth.ts";
import { newRun, openStore, randomId } from "./store-bench.ts";

describe("a namespace that grows", () => {
  it("tells each step, ends in its new layout, and has nothing left to do then", async () => {
    await using bench = await openStore();
    await bench.store.ready();
    const { redis, namespace } = bench;
    const steps: GrowthStep[] = [];

    const onStep = (step: GrowthStep): void => void steps.push(step);
    const grown = await growShards({ redis, namespace, shards: 2, onStep });
    const grownMore = await growShards({ redis, namespace, shards: 4 });
    const again = await growShards({ redis, namespace, shards: 4 });

    expect(steps).toEqual([
      { kind: "begun", from: 1, to: 2 },
      { kind: "placed", shard: 1 },
      { kind: "placed", shard: 0 },
      { kind: "grown" },
    ]);
    expect([grown, grownMore, again]).toEqual([true, true, false]);
    expect(await redis.hgetall(`{${namespace}:0}:layout`)).toEqual({
      version: "1",
      shards: "4",
      first: "1",
      former: "1 2",
    });
    for (const shard of [0, 1, 2, 3]) {
      expect(await redis.get(new ShardKeys(namespace, shard).shards)).toBe("4");
    }
  });

  it("does not shrink, nor grow to two counts at once, nor before it is laid out", async () => {
    await using bench = await openStore({ shards: 2 });
    const { redis, namespace } = bench;
    const grow = (shards: number) => growShards({ redis, namespace, shards });
    await expect(grow(4)).rejects.toThrow(/nobody has used it yet: give `shards: 4`/);
    await bench.store.ready();
    const breakOff = (): Promise<void> => Promise.reject(new Error("broken off"));
    await expect(growShards({ redis, namespace, shards: 4, onStep: breakOff })).rejects.toThrow(
      "off",
    );

    await expect(grow(1)).rejects.toThrow(/is growing to 4: finish that first/);
    await expect(grow(8)).rejects.toThrow(/is growing to 4: finish that first/);
    await grow(4);
    await expect(grow(2)).rejects.toThrow(/it has 4, and a namespace cannot shrink/);
    await expect(grow(0)).rejects.toThrow(/shards must be a whole number/);
  });

  it("has each id once, whoever creates it between which steps, and whatever count he knows", async () => {
    await using bench = await openStore();
    await bench.store.ready();
    const { redis, namespace } = bench;
    const made: NewRun[] = [];
    const stores: [RedisStore, ...RedisStore[]] = [bench.store];
    // One process knows the first count only until it is told more, one started before this step, and one starts now.
    const [oldest] = stores;
    const onStep = async (): Promise<void> => {
      stores.push(await anotherStore(bench));
      for (const first of new Set([oldest, ...stores.slice(-2)])) {
        const others = [oldest, ...stores.slice(-2)];
        const runs = runsOfEveryWay(randomId());
        made.push(...runs);
        const told = runs.map(async (run) => {
          const kinds = [(await first.create(run)).kind];
          for (const other of others) {
            kinds.push((await other.create({ ...run, requestId: randomId() })).kind);
          }
          return kinds;
        });
        for (const kinds of await Promise.all(told)) {
          expect(kinds).toEqual(["created", ...others.map(() => "existing")]);
        }
      }
    };

    for (const shards of [2, 4]) await growShards({ redis, namespace, shards, onStep });

    const places = await Promise.all(made.map((run) => placesOf(bench, run)));
    expect(places.map(({ length }) => length)).toEqual(made.map(() => 1));
    for (const store of [oldest, await anotherStore(bench)]) {
      const read = await Promise.all(made.map(({ runId }) => store.read(runId)));
      expect(read.map((run) => run?.shard)).toEqual(places.flat());
    }
  });

  it("has each id once when all create it at the same time, in the middle of every step", async () => {
    await using bench = await openStore();
    await bench.store.ready();
    const { redis, namespace } = bench;
    const stores = await Promise.all(Array.from({ length: 4 }, () => anotherStore(bench)));
    const kinds = new Map<NewRun, Promise<string>[]>();
    const race = (): void => {
      for (let n = 0; n < 20; n++) {
        const run = newRun();
        const racing = stores.map((store) => store.create({ ...run, requestId: randomId() }));
        kinds.set(
          run,
          racing.map((reply) => reply.then(({ kind }) => kind)),
        );
      }
    };

    for (const shards of [2, 4, 8]) {
      race();
      await growShards({ redis, namespace, shards, onStep: race });
      stores.push(await anotherStore(bench));
    }

    for (const [run, racing] of kinds) {
      const told = (await Promise.all(racing)).toSorted();
      expect(told).toEqual(["created", ...racing.slice(1).map(() => "existing")]);
      expect(await placesOf(bench, run)).toHaveLength(1);
    }
  });

  it("can be finished after it was broken off at any step, and works in between", async () => {
    for (let last = 1; last <= 5; last++) {
      await using bench = await openStore({ shards: 2 });
      await bench.store.ready();
      const { redis, namespace } = bench;
      let steps = 0;
      const onStep = async (): Promise<void> => {
        steps += 1;
        if (steps === last) throw new Error("broken off");
      };

      const broken = growShards({ redis, namespace, shards: 4, onStep });
      await expect(broken).rejects.toThrow(/has not grown to 4 shards: broken off/);
      const fresh = await anotherStore(bench);
      for (const run of runsOfEveryWay()) {
        expect(await bench.store.create(run)).toMatchObject({ kind: "created" });
        expect(await fresh.create({ ...run, requestId: "b" })).toMatchObject({ kind: "existing" });
      }
      await growShards({ redis, namespace, shards: 4 });

      expect(await readLayout(redis, namespace)).toMatchObject({ shards: 4, former: [2] });
      for (const run of runsOfEveryWay()) expect(await placesOf(bench, run)).toHaveLength(1);
    }
  });
});
