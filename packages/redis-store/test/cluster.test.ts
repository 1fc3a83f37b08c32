import { RedisCluster, startRedis } from "@refrain/testkit";
import { Cluster, Redis } from "ioredis";
import { expect, it } from "vitest";
import { forgetFormer, growShards, RedisStore, ShardKeys, shardOf } from "../src/index.ts";
import { scriptCall } from "../src/script.ts";
import type { ScriptCommand } from "../src/script-command.ts";
import { lead } from "../src/scripts.generated.ts";
import { deliveryOf, newRun } from "./store-bench.ts";

const SHARDS = 3;
const runs = Array.from({ length: 24 }, (_, i) => newRun({ runId: `order:${i}` }));
const settlement = {
  status: "FAILED",
  payload: Buffer.from("error"),
  failedSlot: undefined,
  retentionMs: 60_000,
} as const;

/** Everything a store does, over a connection to a cluster: every second run fails, the others are released. */
async function useAll(redis: Redis | Cluster) {
  const store = new RedisStore({ redis, shards: SHARDS });
  await store.ready();
  for (const run of runs) await store.create(run);
  const claims = await Promise.all(runs.map((run) => store.claim(deliveryOf(run))));
  for (const [index, reply] of claims.entries()) {
    if (reply.kind !== "claimed") throw new Error(`a claim was answered with "${reply.kind}"`);
    if (index % 2 === 0) reply.claim.settle(settlement);
    else reply.claim.release(0);
    await reply.claim.acknowledged();
  }
  const live = await store.rebuild();
  const before = await store.read("order:0");
  const pruned = await store.prune(Date.now() + 60_000);
  const after = await store.read("order:0");
  await store.close();
  return { live: live.length, before: before?.status, pruned, after };
}

const ALL_DONE = { live: 12, before: "FAILED", pruned: 12, after: undefined };

it("runs of these tests are in every shard", () => {
  expect(new Set(runs.map(({ runId }) => shardOf(runId, SHARDS))).size).toBe(SHARDS);
});

it("a store works on a single-node cluster, which forbids scripts to touch keys they do not name", async () => {
  await using server = await startRedis({ cluster: true });
  const redis = new Redis(server.url);

  expect(await useAll(redis)).toEqual(ALL_DONE);

  redis.disconnect();
});

it("a store works on a cluster of several nodes, through a cluster's client", async () => {
  await using servers = await RedisCluster.start();
  const cluster = new Cluster(servers.seeds);

  expect(await useAll(cluster)).toEqual(ALL_DONE);

  cluster.disconnect();
});

it("a namespace grows over the nodes of a cluster, and forgets its former count when their runs are over", async () => {
  await using servers = await RedisCluster.start();
  const redis = new Cluster(servers.seeds);
  const namespace = "grows";
  const [old, store] = [new RedisStore({ redis, namespace }), new RedisStore({ redis, namespace })];
  await Promise.all([old.ready(), store.ready()]);
  const [before, after] = [runs.slice(0, 12), runs.slice(12)];
  for (const run of before) await old.create(run);

  await growShards({ redis, namespace, shards: 8 });
  const kinds: string[] = [];
  for (const run of runs) {
    kinds.push((await store.create({ ...run, requestId: "first" })).kind);
    kinds.push((await old.create({ ...run, requestId: "second" })).kind);
  }
  const left = await forgetFormer(redis, namespace);
  for (const run of before) {
    const reply = await store.claim(deliveryOf(run));
    if (reply.kind !== "claimed") throw new Error(`a claim was answered with "${reply.kind}"`);
    reply.claim.settle(settlement);
    await reply.claim.acknowledged();
  }
  await store.prune(Date.now() + 60_000);
  const none = await forgetFormer(redis, namespace);

  expect(kinds).toEqual([
    ...before.flatMap(() => ["existing", "existing"]),
    ...after.flatMap(() => ["created", "existing"]),
  ]);
  expect(left).toBe(before.filter(({ runId }) => shardOf(runId, 8) !== 0).length);
  expect(none).toBe(0);
  const slots = [0, 1, 2, 3, 4, 5, 6, 7].map((shard) => new ShardKeys(namespace, shard).live);
  const owners = await Promise.all(
    slots.map(async (key) => servers.ownerOf(await servers.slotOf(key))),
  );
  expect(new Set(owners).size).toBeGreaterThan(1);
  redis.disconnect();
});

it("a script that several nodes lack is sent with its source to each of them", async () => {
  await using servers = await RedisCluster.start({ masters: 2 });
  const cluster = new Cluster(servers.seeds);
  const [here, there] = [new ShardKeys("here", 0), new ShardKeys("here", 1)];
  const slot = await servers.slotOf(here.rescuer);
  const from = await servers.ownerOf(slot);
  const to = servers.servers.find((server) => server !== from);
  if (to === undefined) throw new Error("there is no other node");
  await servers.migrateSlot(await servers.slotOf(there.rescuer), to);
  const call = ({ rescuer }: ShardKeys) =>
    scriptCall(lead, { leader: rescuer }, { owner: "me", forMs: 1000 });
  for (const keys of [here, there]) await call(keys).send(cluster);
  for (const node of cluster.nodes("master")) await node.script("FLUSH");
  let sent = 0;
  const moving = new Proxy(cluster, {
    get(target, name) {
      if (name !== "sendCommand") return Reflect.get(target, name, target);
      // The first node says that it lacks the script; by the next try, the slot is the other's.
      return async (command: ScriptCommand) => {
        sent += 1;
        if (sent === 2) await servers.migrateSlot(slot, to);
        return target.sendCommand(command);
      };
    },
  });

  const reply = await call(here).send(moving);

  expect(String(reply)).toBe("leads");
  expect(sent).toBe(3);
  cluster.disconnect();
});
