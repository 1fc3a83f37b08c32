import { ShardKeys, shardOf } from "@refrain/redis-store";
import { eventually, RedisCluster } from "@refrain/testkit";
import { Cluster } from "ioredis";
import { pino } from "pino";
import { type Client, createClient } from "refrain";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reportOf } from "./bed/report.ts";
import { runSeed, type SeedVerdict } from "./bed/run-seed.ts";
import { enqueueLoad, flawsOf, Load, type LoadOptions, type Note } from "./load.ts";

const NODE_LOST = "a node of the Redis cluster does not answer";
const LOST = "the connection to Redis is lost";
const PATIENCE_MS = 120_000;
const LIMIT_MS = 180_000;
const RUNS = 60;
const SHARDS = 2;
const seedOfToday = Number(
  process.env["REFRAIN_SEED"] ?? Math.floor(Math.random() * 1_000_000) + 1000,
);

let servers: RedisCluster;
/** It has a cluster of its own, and takes as long as the other tests. */
let judged: Promise<SeedVerdict>;

beforeAll(async () => {
  judged = runSeed({ seed: seedOfToday, profile: "cluster", forMs: 5000 });
  judged.catch(() => {});
  servers = await RedisCluster.start({ replicas: 1 });
}, LIMIT_MS);

afterAll(async () => servers[Symbol.asyncDispose]());

interface Opened extends AsyncDisposable {
  readonly work: Load;
  readonly client: Client;
  /** What the workers warned of. */
  readonly said: () => string;
  /** The slots of the shards. */
  readonly slots: readonly number[];
}

/** Two workers and a client over two shards, in a namespace of their own. */
async function open(namespace: string, options: LoadOptions = {}): Promise<Opened> {
  const lines: string[] = [];
  const logger = pino({ level: "warn" }, { write: (line) => lines.push(line) });
  const connection = new Cluster(servers.seeds, { lazyConnect: true });
  const common = { connection, namespace, shards: SHARDS };
  // Attempts outlive what happens: they do not merely lose their locks.
  const locks = { lockDurationMs: 6000, stalledIntervalMs: 1000 };
  const work = new Load(options);
  for (const worker of [1, 2].map(() => work.worker({ ...common, ...locks, logger }))) {
    await eventually(() => worker.ready(), { timeoutMs: PATIENCE_MS });
  }
  const client = createClient(common);
  const slotOf = (_: unknown, shard: number): Promise<number> =>
    servers.slotOf(new ShardKeys(namespace, shard).live);
  return {
    work,
    client,
    said: () => lines.join(""),
    slots: await Promise.all(Array.from({ length: SHARDS }, slotOf)),
    async [Symbol.asyncDispose]() {
      await work[Symbol.asyncDispose]();
      await client.close();
    },
  };
}

test(
  "F11 a shard's slot moves to and fro under load: each call runs once, and each run ends",
  async () => {
    await using opened = await open("moving");
    const { work, client, slots } = opened;
    const runs = await enqueueLoad(client, RUNS);
    const before = await servers.errors("MOVED");

    for (let move = 0; move < 6; move++) {
      const slot = slots[move % SHARDS] ?? 0;
      const owner = await servers.ownerOf(slot);
      const to = servers.servers.slice(0, 3).find((server) => server !== owner);
      if (to === undefined) throw new Error("there is no other master");
      await servers.migrateSlot(slot, to);
    }
    const late = await enqueueLoad(client, RUNS, "late");
    const outputs = await work.outcomes([...runs, ...late], PATIENCE_MS);

    expect(flawsOf(work, outputs)).toEqual([]);
    expect(outputs.size).toBe(2 * RUNS);
    expect(await servers.errors("MOVED")).toBeGreaterThan(before);
  },
  LIMIT_MS,
);

test(
  "F11 every node of a cluster dies and comes back: runs go on, and each call runs once",
  async () => {
    await using opened = await open("dying", { callMs: 30 });
    const { work, client, said } = opened;
    const runs = await enqueueLoad(client, RUNS);
    await work.untilEffects(100);

    await Promise.all(servers.servers.map((server) => server.kill()));
    await eventually(() => expect(said()).toContain(LOST), { timeoutMs: PATIENCE_MS });
    await Promise.all(servers.servers.map((server) => server.restart()));
    const outputs = await work.outcomes(runs, PATIENCE_MS);

    expect(flawsOf(work, outputs)).toEqual([]);
    expect(outputs.size).toBe(RUNS);
  },
  LIMIT_MS,
);

test(
  "F11 a master dies whose replica lags: its runs go on from what the replica has, all others lose nothing",
  async () => {
    await using opened = await open("refrain", { callMs: 30 });
    const { work, client, said, slots } = opened;
    const [slot = 0, other = 0] = slots;
    const master = await servers.ownerOf(slot);
    expect(await servers.ownerOf(other)).not.toBe(master);
    const runs = await enqueueLoad(client, RUNS);
    await work.untilEffects(100);

    await servers.detachReplica(master);
    const copied = work.notes.length;
    // Outcomes of calls without a reconciler: others would be found again, and look as if nothing had been lost.
    const isLostForGood = (note: Note): boolean =>
      note.kind === "recorded" && note.slot % 2 === 0 && shardOf(note.run, SHARDS) === 0;
    await eventually(() =>
      expect(work.notes.slice(copied).filter(isLostForGood).length).toBeGreaterThan(10),
    );
    await servers.failOver(master, () =>
      eventually(() => expect(said()).toContain(NODE_LOST), { timeoutMs: PATIENCE_MS }),
    );
    const outputs = await work.outcomes(runs, PATIENCE_MS);

    expect(flawsOf(work, outputs, { isLossy: true })).toEqual([]);
    expect(outputs.size).toBe(RUNS);
    const ofShard = (shard: number): Map<string, string[]> =>
      new Map([...outputs].filter(([runId]) => shardOf(runId, SHARDS) === shard));
    expect(flawsOf(work, ofShard(1))).toEqual([]);
    // By the rules for those who lose nothing, this shard did: writes that were acknowledged are gone.
    expect(flawsOf(work, ofShard(0))).not.toEqual([]);
  },
  LIMIT_MS,
);

test(
  `F11 slots move live, and worker processes die: random programs break no rule, seed ${seedOfToday}`,
  async () => {
    const verdict = await judged;

    expect(verdict.breaches.length === 0 ? "" : reportOf(verdict)).toBe("");
    expect(verdict.toll.migrations).toBeGreaterThan(0);
    expect(verdict.toll.redirections).toBeGreaterThan(0);
  },
  LIMIT_MS,
);
