import { type Claim, encodeCall, type SettledCall, settledCall } from "@refrain/core";
import { eventually, type RedisServer } from "@refrain/testkit";
import { Cluster, Redis } from "ioredis";
import { expect, test } from "vitest";
import { RedisStore, ShardKeys, shardOf } from "../src/index.ts";
import { startCluster } from "./start-cluster.ts";
import { deliveryOf, newRun } from "./store-bench.ts";

const SHARDS = 3;
const RUNS = 12;

function call(slot: number): SettledCall {
  const start = { slot, functionId: "step", argsDigest: "", after: 0, startedAt: 1000 };
  const outcome = { status: "SUCCEEDED", seq: slot, tookMs: 1, reconciled: false } as const;
  return settledCall(start, { ...outcome, payload: Buffer.from(`${slot}`) });
}

/** Runs that are written to, one acknowledged write after another, until somebody says stop. */
class Writing {
  readonly acknowledged = new Map<string, number>();
  readonly store: RedisStore;
  #isStopped = false;
  #done: Promise<unknown> = Promise.resolve();

  constructor(store: RedisStore) {
    this.store = store;
  }

  async start(): Promise<void> {
    const runs = Array.from({ length: RUNS }, (_, n) => newRun({ runId: `order-${n}` }));
    const shards = new Set(runs.map(({ runId }) => shardOf(runId, SHARDS)));
    if (shards.size < SHARDS) throw new Error("a shard has no run");
    const claims: Claim[] = [];
    for (const run of runs) {
      await this.store.create(run);
      const reply = await this.store.claim(deliveryOf(run));
      if (reply.kind !== "claimed") throw new Error(`"${reply.kind}" instead of a claim`);
      claims.push(reply.claim);
    }
    this.#done = Promise.all(claims.map((claim) => this.#write(claim)));
    this.#done.catch(() => {});
  }

  /** Rejects when a write was refused, or its claim lost. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  /** Resolves when every run has got on. */
  async untilMore(count: number): Promise<void> {
    const targets = [...this.acknowledged].map(([runId, done]) => [runId, done + count] as const);
    await eventually(
      () => {
        for (const [runId, target] of targets) {
          const done = this.acknowledged.get(runId) ?? 0;
          if (done < target) throw new Error(`${runId} got no further than ${done}`);
        }
      },
      { timeoutMs: 20_000 },
    );
  }

  async #write(claim: Claim): Promise<void> {
    for (let slot = 0; !this.#isStopped; slot++) {
      claim.record(call(slot));
      await claim.acknowledged();
      this.acknowledged.set(claim.runId, slot + 1);
    }
  }
}

/** Every acknowledged write is there, once and in its place; nothing else is. */
async function expectAllThere({ store, acknowledged }: Writing): Promise<void> {
  for (const [runId, count] of acknowledged) {
    const run = await store.read(runId);
    const stored = run?.calls.map((one) => Buffer.from(encodeCall(one)));
    const expected = Array.from({ length: count }, (_, slot) =>
      Buffer.from(encodeCall(call(slot))),
    );
    expect(stored).toEqual(expected);
    expect(run?.v).toBe(1 + count);
  }
}

/** Moves a slot to another node, as a resharding does, no faster than writers meet each of its states. */
async function migrate(
  from: RedisServer,
  to: RedisServer,
  others: readonly RedisServer[],
  key: string,
) {
  const nodes = [from, to, ...others];
  const [source, target] = [new Redis(from.url), new Redis(to.url)];
  const slot = await source.cluster("KEYSLOT", key);
  const [sourceId, targetId] = [await source.cluster("MYID"), await target.cluster("MYID")];
  await target.cluster("SETSLOT", slot, "IMPORTING", sourceId);
  await source.cluster("SETSLOT", slot, "MIGRATING", targetId);
  const move = (keys: readonly string[]) =>
    source.call("MIGRATE", "127.0.0.1", String(to.port), "", "0", "5000", "KEYS", ...keys);
  const keys = await source.cluster("GETKEYSINSLOT", slot, 1000);
  // The calls of a run, away from the run itself: who writes both has to wait.
  await move(keys.filter((name) => name.endsWith(":calls")).slice(0, 1));
  await untilSeen(nodes, "TRYAGAIN");
  await move(await source.cluster("GETKEYSINSLOT", slot, 1000));
  await untilSeen(nodes, "ASK");
  for (const node of [to, from, ...others]) {
    const client = new Redis(node.url);
    await client.cluster("SETSLOT", slot, "NODE", targetId);
    client.disconnect();
  }
  await untilSeen(nodes, "MOVED");
  source.disconnect();
  target.disconnect();
}

/** How often servers answered with this error. */
async function errorsOf(nodes: readonly RedisServer[], code: string): Promise<number> {
  let count = 0;
  for (const { url } of nodes) {
    const client = new Redis(url);
    const stats = await client.info("errorstats");
    count += Number(new RegExp(`errorstat_${code}:count=(\\d+)`).exec(stats)?.[1] ?? 0);
    client.disconnect();
  }
  return count;
}

async function untilSeen(nodes: readonly RedisServer[], code: string): Promise<void> {
  await eventually(async () => expect([code, await errorsOf(nodes, code)]).not.toEqual([code, 0]), {
    timeoutMs: 20_000,
  });
}

async function openCluster() {
  const cluster = await startCluster(3, ["--cluster-node-timeout", "1000"]);
  const client = new Cluster(cluster.nodes.map(({ port }) => ({ host: "127.0.0.1", port })));
  client.on("error", () => {});
  const store = new RedisStore({ redis: client, shards: SHARDS });
  await store.ready();
  const writing = new Writing(store);
  await writing.start();
  await eventually(() => expect(writing.acknowledged.size).toBe(RUNS));
  return {
    nodes: cluster.nodes,
    writing,
    async [Symbol.asyncDispose]() {
      client.disconnect();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

/** The node that has a key, then the others. */
async function ownerOf(nodes: readonly RedisServer[], key: string): Promise<RedisServer[]> {
  const owned: RedisServer[] = [];
  for (const node of nodes) {
    const client = new Redis(node.url);
    const count = await client.exists(key).catch(() => 0);
    if (count > 0) owned.push(node);
    client.disconnect();
  }
  return [...owned, ...nodes.filter((node) => !owned.includes(node))];
}

test.concurrent("F11 writes to a slot that moves to another node go on, each once", async () => {
  await using opened = await openCluster();
  const { nodes, writing } = opened;
  const { live } = new ShardKeys("refrain", 0);
  const [from, to, ...others] = await ownerOf(nodes, live);
  if (from === undefined || to === undefined) throw new Error("too few nodes");

  await migrate(from, to, others, live);
  await writing.untilMore(5);
  await expect(writing.stop()).resolves.toBeUndefined();

  await expectAllThere(writing);
}, 60_000);

test.concurrent("F11 writes wait for a node that died, and so do those to the others while the cluster is down", async () => {
  await using opened = await openCluster();
  const { nodes, writing } = opened;
  const [node, ...others] = await ownerOf(nodes, new ShardKeys("refrain", 0).live);

  await node?.kill();
  await untilSeen(others, "CLUSTERDOWN");
  await node?.restart();
  await writing.untilMore(5);
  await expect(writing.stop()).resolves.toBeUndefined();

  await expectAllThere(writing);
}, 60_000);
