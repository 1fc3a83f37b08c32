import type { NewRun } from "@refrain/core";
import { describe, expect, it } from "vitest";
import {
  countFormer,
  countLive,
  forgetFormer,
  type GrowthStep,
  growShards,
  RedisStore,
  readLayout,
  ShardKeys,
  shardOf,
} from "../src/index.ts";
import { deliveryOf, newRun, openStore, randomId, type StoreBench } from "./store-bench.ts";

const settlement = {
  status: "SUCCEEDED",
  payload: Buffer.from("done"),
  failedSlot: undefined,
  retentionMs: 60_000,
} as const;

/** A run for each way in which 1, 2 and 4 shards place one: (0, 0, 0), (0, 0, 2), (0, 1, 1) and so on. */
function runsOfEveryWay(): readonly NewRun[] {
  const ways = new Map<string, NewRun>();
  for (let n = 0; ways.size < 6; n++) {
    const run = newRun({ runId: `order-${n}` });
    const way = [1, 2, 4].map((count) => shardOf(run.runId, count)).join();
    if (!ways.has(way)) ways.set(way, run);
  }
  return [...ways.values()];
}

/** In which shards a run of this id is. */
async function placesOf({ redis, namespace }: StoreBench, { runId }: NewRun): Promise<number[]> {
  const shards = [0, 1, 2, 3, 4, 5, 6, 7];
  const keys = shards.map((shard) => new ShardKeys(namespace, shard).of(runId).run);
  const there = await Promise.all(keys.map((key) => redis.exists(key)));
  return shards.filter((shard) => there[shard] === 1);
}

/** A process of its own, which knows the layout as it is now. */
async function anotherStore({ redis, namespace }: StoreBench): Promise<RedisStore> {
  const store = new RedisStore({ redis, namespace });
  await store.ready();
  return store;
}

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
    await expect(growShards({ redis, namespace, shards: 4, onStep: breakOff })).rejects.toThrow();

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
        const runs = runsOfEveryWay().map((run) => ({
          ...run,
          runId: `${run.runId}-${randomId()}`,
        }));
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

describe("after a namespace grew", () => {
  it("a run of before is claimed, read, reopened and listed where it is", async () => {
    await using bench = await openStore();
    await bench.store.ready();
    const { redis, namespace } = bench;
    const runs = runsOfEveryWay();
    for (const run of runs) await bench.store.create(run);
    await growShards({ redis, namespace, shards: 4 });
    const store = await anotherStore(bench);

    for (const run of runs) {
      const reply = await store.claim(deliveryOf(run, { shard: 0 }));
      if (reply.kind !== "claimed") throw new Error(`a claim was answered with "${reply.kind}"`);
      reply.claim.settle({ ...settlement, status: "FAILED" });
      await reply.claim.acknowledged();
      const read = await store.read(run.runId);
      const v = read?.v ?? 0;
      const reopening = { runId: run.runId, requestId: "r", v, call: undefined, reopened: [] };
      expect(read).toMatchObject({ shard: 0, status: "FAILED" });
      expect(await store.reopen(reopening)).toEqual({ kind: "reopened" });
    }

    const live = await store.rebuild();
    expect(live.map(({ shard }) => shard)).toEqual(runs.map(() => 0));
    await store.close();
  });

  it("who knows the former count only is told so, and finds what others have made meanwhile", async () => {
    await using bench = await openStore();
    await bench.store.ready();
    const { redis, namespace, store: old } = bench;
    await growShards({ redis, namespace, shards: 4 });
    const store = await anotherStore(bench);
    const [run = newRun()] = runsOfEveryWay().filter(({ runId }) => shardOf(runId, 4) === 3);

    const created = await store.create(run);
    const read = await old.read(run.runId);
    const again = await old.create({ ...run, requestId: "another" });

    expect(created).toEqual({ kind: "created", shard: 3 });
    expect(read).toMatchObject({ shard: 3 });
    expect(again).toEqual({ kind: "existing", shard: 3 });
    expect(old.layout.current).toMatchObject({ shards: 4, former: [1] });
  });

  it("a job in the shard that a run was expected in is stale, and does not touch the run", async () => {
    await using bench = await openStore();
    await bench.store.ready();
    const { redis, namespace } = bench;
    await growShards({ redis, namespace, shards: 4 });
    const store = await anotherStore(bench);
    const [run = newRun()] = runsOfEveryWay().filter(({ runId }) => shardOf(runId, 4) === 3);

    const before = await store.claim(deliveryOf(run, { shard: 0 }));
    await store.create(run);
    const after = await store.claim(deliveryOf(run, { shard: 0 }));
    const unplaced = await store.claim(deliveryOf(run));

    expect([before.kind, after.kind]).toEqual(["missing", "stale"]);
    expect(unplaced).toMatchObject({ kind: "claimed", run: { epoch: 1 } });
  });

  it("only runs whose shard changed take more than one command to be created", async () => {
    await using bench = await openStore();
    await bench.store.ready();
    const { redis, namespace } = bench;
    await growShards({ redis, namespace, shards: 2 });
    const store = await anotherStore(bench);

    const placements = runsOfEveryWay().map(({ runId }) => store.layout.placementsOf(runId));

    for (const [index, { runId }] of runsOfEveryWay().entries()) {
      expect(placements[index]).toHaveLength(shardOf(runId, 2) === 0 ? 1 : 2);
    }
  });

  it("a late copy of an earlier growth lowers nothing", async () => {
    await using bench = await openStore();
    await bench.store.ready();
    const { redis, namespace } = bench;
    for (const shards of [2, 4]) await growShards({ redis, namespace, shards });
    const key = new ShardKeys(namespace, 0).shards;
    const { place } = await import("../src/scripts.generated.ts");

    await redis.eval(place.lua, 1, key, 2);

    expect(await redis.get(key)).toBe("4");
  });
});

describe("former counts", () => {
  it("are dropped when no run is left, live or settled, that only they lead to, and not before", async () => {
    await using bench = await openStore();
    await bench.store.ready();
    const { redis, namespace } = bench;
    const runs = runsOfEveryWay();
    for (const run of runs) await bench.store.create(run);
    await growShards({ redis, namespace, shards: 4 });
    const store = await anotherStore(bench);
    const moved = runs.filter(({ runId }) => shardOf(runId, 4) !== 0);
    const layout = store.layout.current;

    const counted = await countLive(redis, namespace, layout);
    const live = await forgetFormer(redis, namespace);
    for (const run of runs) {
      const reply = await store.claim(deliveryOf(run));
      if (reply.kind !== "claimed") throw new Error(`a claim was answered with "${reply.kind}"`);
      reply.claim.settle(settlement);
      await reply.claim.acknowledged();
    }
    const settled = await forgetFormer(redis, namespace);
    await store.prune(Date.now() + 60_000);
    const none = await forgetFormer(redis, namespace);

    expect(counted[0]).toEqual({ shard: 0, live: runs.length, formerLive: moved.length });
    expect([live, settled, none]).toEqual([moved.length, moved.length, 0]);
    const now = await readLayout(redis, namespace);
    expect(now).toEqual({ version: 1, shards: 4, first: 1, former: [], target: undefined });
    expect(await countFormer(redis, namespace, now ?? layout)).toBe(0);
  });

  it("that are dropped stay refused: a process that knows only them makes no run by them", async () => {
    await using bench = await openStore();
    await bench.store.ready();
    const { redis, namespace } = bench;
    await growShards({ redis, namespace, shards: 4 });
    await forgetFormer(redis, namespace);
    const store = await anotherStore(bench);

    for (const run of runsOfEveryWay()) {
      const [first, second] = [await store.create(run), await bench.store.create(run)];
      expect(first).toEqual({ kind: "created", shard: shardOf(run.runId, 4) });
      expect(second).toEqual(first);
    }
  });
});

describe("what `shards` is expected to be", () => {
  it("may be left out; given, it is the count of today, or while it grows either", async () => {
    await using bench = await openStore({ shards: 2 });
    await bench.store.ready();
    const { redis, namespace } = bench;
    const start = (shards?: number) => new RedisStore({ redis, namespace, shards }).ready();
    const onStep = async (): Promise<void> => {
      await Promise.all([start(), start(2), start(4)]);
      throw new Error("broken off");
    };

    await expect(start(4)).rejects.toThrow(
      /in 2 shards, not 4: .* run `npx refrain shards --namespace test-\w+ --grow 4`/,
    );
    await expect(growShards({ redis, namespace, shards: 4, onStep })).rejects.toThrow("broken off");
    await growShards({ redis, namespace, shards: 4 });

    await Promise.all([start(), start(4)]);
    await expect(start(2)).rejects.toThrow(
      /in 4 shards, not 2, and was laid out in 2 before it grew: give `shards: 4`/,
    );
  });
});
