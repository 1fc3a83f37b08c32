import { ShardKeys, shardOf } from "@refrain/redis-store";
import { eventually, RedisCluster } from "@refrain/testkit";
import { Cluster } from "ioredis";
import { pino } from "pino";
import { createClient } from "refrain";
import { expect, test } from "vitest";
import { reportOf } from "./bed/report.ts";
import { runSeed } from "./bed/run-seed.ts";
import { enqueueLoad, flawsOf, Load } from "./load.ts";

const NODE_LOST = "a node of the Redis cluster does not answer";
const RUNS = 60;
const SHARDS = 2;
/** Attempts outlive the failover: they do not merely lose their locks. */
const LONG_LOCKS = { lockDurationMs: 6000, stalledIntervalMs: 1000 };

const seedOfToday = Number(
  process.env["REFRAIN_SEED"] ?? Math.floor(Math.random() * 1_000_000) + 1000,
);

test.concurrent(`F11 slots move live, and worker processes die: random programs break no rule, seed ${seedOfToday}`, async () => {
  const verdict = await runSeed({ seed: seedOfToday, profile: "cluster", forMs: 6000 });

  expect(verdict.breaches.length === 0 ? "" : reportOf(verdict)).toBe("");
  expect(verdict.toll.migrations).toBeGreaterThan(0);
  expect(verdict.toll.redirections).toBeGreaterThan(0);
}, 150_000);

test.concurrent("F11 a shard's slot moves to and fro under load: each call runs once, and each run ends", async () => {
  await using servers = await RedisCluster.start();
  await using work = new Load();
  const connection = new Cluster(servers.seeds, { lazyConnect: true });
  const slots = await Promise.all(slotsOf(servers));
  await work.worker({ connection, shards: SHARDS, ...LONG_LOCKS }).ready();
  await work.worker({ connection, shards: SHARDS, ...LONG_LOCKS }).ready();
  const client = createClient({ connection, shards: SHARDS });
  const runs = await enqueueLoad(client, RUNS);

  for (let move = 0; move < 6; move++) {
    const slot = slots[move % SHARDS] ?? 0;
    const owner = await servers.ownerOf(slot);
    const to = servers.servers.find((server) => server !== owner);
    if (to === undefined) throw new Error("there is no other node");
    await servers.migrateSlot(slot, to);
  }
  const late = await enqueueLoad(client, RUNS, "late");
  const outputs = await work.outcomes([...runs, ...late], 40_000);

  expect(flawsOf(work, outputs)).toEqual([]);
  expect(outputs.size).toBe(2 * RUNS);
  expect(await servers.errors("MOVED")).toBeGreaterThan(0);
  await client.close();
}, 60_000);

test.concurrent("F11 a master dies and its replica lacks what came last: runs of its slots go on from what it has, the others lose nothing", async () => {
  await using servers = await RedisCluster.start({ replicas: 1 });
  await using work = new Load({ callMs: 30 });
  const said: string[] = [];
  const logger = pino({ level: "warn" }, { write: (line) => said.push(line) });
  const connection = new Cluster(servers.seeds, { lazyConnect: true });
  await work.worker({ connection, shards: SHARDS, logger, ...LONG_LOCKS }).ready();
  await work.worker({ connection, shards: SHARDS, logger, ...LONG_LOCKS }).ready();
  const client = createClient({ connection, shards: SHARDS });
  const runs = await enqueueLoad(client, RUNS);
  await work.untilEffects(100);
  const [slot = 0, other = 0] = await Promise.all(slotsOf(servers));
  const master = await servers.ownerOf(slot);
  expect(await servers.ownerOf(other)).not.toBe(master);

  await servers.detachReplica(master);
  await work.untilEffects(160);
  await servers.failOver(master, () =>
    eventually(() => expect(said.join("")).toContain(NODE_LOST)),
  );
  const outputs = await work.outcomes(runs, 40_000);

  expect(flawsOf(work, outputs, { isLossy: true })).toEqual([]);
  expect(outputs.size).toBe(RUNS);
  const others = [...outputs].filter(([runId]) => shardOf(runId, SHARDS) === 1);
  expect(flawsOf(work, new Map(others))).toEqual([]);
  expect(work.lost.get("gap") ?? 0).toBeGreaterThan(0);
  await client.close();
}, 60_000);

function slotsOf(servers: RedisCluster): Promise<number>[] {
  return Array.from({ length: SHARDS }, (_, shard) =>
    servers.slotOf(new ShardKeys("refrain", shard).live),
  );
}
