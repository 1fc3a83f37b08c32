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
import { place } from "../src/scripts.generated.ts";
import { anotherStore, placesOf, runOfLastShard, runsOfEveryWay } from "./growth.ts";
import { deliveryOf, openStore, type StoreBench } from "./store-bench.ts";

const settlement = {
  status: "SUCCEEDED",
  payload: Buffer.from("done"),
  failedSlot: undefined,
  retentionMs: 60_000,
} as const;

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
    const run = runOfLastShard();

    const created = await store.create(run);
    const read = await old.read(run.runId);
    const again = await old.create({ ...run, requestId: "another" });

    expect(created).toEqual({ kind: "created", shard: 3 });
    expect(read).toMatchObject({ shard: 3 });
    expect(again).toEqual({ kind: "existing", shard: 3 });
    expect(old.layout.current).toMatchObject({ shards: 4, former: [1] });
  });

  it("many that are asked for at once are each created where they belong, or found where they are", async () => {
    await using bench = await openStore();
    await bench.store.ready();
    const { redis, namespace } = bench;
    const [staying, fresh] = [runsOfEveryWay("old"), runsOfEveryWay("new")];
    for (const run of staying) await bench.store.create(run);
    await growShards({ redis, namespace, shards: 2 });
    await growShards({ redis, namespace, shards: 4 });
    const requests = [...runsOfEveryWay("old"), ...fresh];

    // The first knows of one shard only, until it is told.
    const replies = [
      await bench.store.createMany(requests),
      await (await anotherStore(bench)).createMany(requests),
    ];

    const stayed = staying.map(() => ({ kind: "existing", shard: 0 }));
    const placed = fresh.map(({ runId }) => ({ kind: "created", shard: shardOf(runId, 4) }));
    const wanted = [...stayed, ...placed].map((value) => ({ status: "fulfilled", value }));
    expect(replies).toEqual([wanted, wanted]);
    for (const run of staying) expect(await placesOf(bench, run)).toEqual([0]);
    for (const run of fresh) expect(await placesOf(bench, run)).toEqual([shardOf(run.runId, 4)]);
  });

  it("a job in the shard that a run was expected in is stale, and does not touch the run", async () => {
    await using bench = await openStore();
    await bench.store.ready();
    const { redis, namespace } = bench;
    await growShards({ redis, namespace, shards: 4 });
    const store = await anotherStore(bench);
    const run = runOfLastShard();

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

    await redis.eval(place.lua, 1, key, 2);

    expect(await redis.get(key)).toBe("4");
  });
});

describe("after Redis lost what a growth told a shard", () => {
  const forgetful = async (bench: StoreBench, shard: number): Promise<RedisStore> => {
    const { redis, namespace } = bench;
    await bench.store.ready();
    await growShards({ redis, namespace, shards: 4 });
    await redis.del(new ShardKeys(namespace, shard).shards);
    return await anotherStore(bench);
  };

  it("a former count makes no second run in the old shard", async () => {
    await using bench = await openStore();
    const store = await forgetful(bench, 0);
    const run = runOfLastShard();
    const { redis, namespace } = bench;
    const key = new ShardKeys(namespace, 0).shards;
    await redis.set(key, "4");
    expect(await store.create(run)).toEqual({ kind: "created", shard: 3 });
    await redis.del(key);

    const again = store.create({ ...run, requestId: "another" });

    await expect(again).rejects.toThrow(/was not created: its shard takes new runs by its first/);
    expect(await placesOf(bench, run)).toEqual([3]);
  });

  it("the new shard says what to do, and that mends it", async () => {
    await using bench = await openStore();
    const store = await forgetful(bench, 3);
    const run = runOfLastShard();
    const { redis, namespace } = bench;
    const steps: GrowthStep[] = [];

    const refused = store.create(run);

    await expect(refused).rejects.toThrow(`refrain shards --namespace ${namespace} --grow 4`);
    const onStep = (step: GrowthStep): void => void steps.push(step);
    expect(await growShards({ redis, namespace, shards: 4, onStep })).toBe(true);
    expect(steps).toEqual([{ kind: "placed", shard: 3 }]);
    expect(await store.create(run)).toEqual({ kind: "created", shard: 3 });
    expect(await growShards({ redis, namespace, shards: 4 })).toBe(false);
  });

  it("one that never grew is left as it is", async () => {
    await using bench = await openStore({ shards: 2 });
    await bench.store.ready();
    const { redis, namespace } = bench;

    expect(await growShards({ redis, namespace, shards: 2 })).toBe(false);

    expect(await redis.exists(new ShardKeys(namespace, 0).shards)).toBe(0);
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
