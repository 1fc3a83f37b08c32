import { type Claim, encodeCall, type SettledCall, settledCall } from "@refrain/core";
import { eventually, RedisCluster } from "@refrain/testkit";
import { Cluster } from "ioredis";
import { expect, test } from "vitest";
import { RedisStore, ShardKeys, shardOf } from "../src/index.ts";
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

async function untilSeen(servers: RedisCluster, code: string): Promise<void> {
  await eventually(async () => expect([code, await servers.errors(code)]).not.toEqual([code, 0]), {
    timeoutMs: 20_000,
  });
}

async function openCluster() {
  const servers = await RedisCluster.start({ args: ["--cluster-node-timeout", "1000"] });
  const client = new Cluster(servers.seeds);
  client.on("error", () => {});
  const said: string[] = [];
  const onTrouble = (message: string) => said.push(message);
  const store = new RedisStore({ redis: client, shards: SHARDS, onTrouble });
  await store.ready();
  const writing = new Writing(store);
  await writing.start();
  await eventually(() => expect(writing.acknowledged.size).toBe(RUNS));
  const slot = await servers.slotOf(new ShardKeys("refrain", 0).live);
  return {
    servers,
    writing,
    slot,
    said,
    async [Symbol.asyncDispose]() {
      client.disconnect();
      await servers[Symbol.asyncDispose]();
    },
  };
}

test.concurrent("F11 writes to a slot that moves to another node go on, each once", async () => {
  await using opened = await openCluster();
  const { servers, writing, slot } = opened;
  const from = await servers.ownerOf(slot);
  const to = servers.servers.find((server) => server !== from);
  if (to === undefined) throw new Error("too few nodes");
  const codes = ["TRYAGAIN", "ASK"];

  await servers.migrateSlot(slot, to, {
    // The calls of a run, away from the run itself: who writes both has to wait.
    first: (keys) => keys.filter((name) => name.endsWith(":calls")).slice(0, 1),
    between: () => untilSeen(servers, codes.shift() ?? ""),
  });
  await untilSeen(servers, "MOVED");
  await writing.untilMore(5);
  await expect(writing.stop()).resolves.toBeUndefined();

  await expectAllThere(writing);
}, 60_000);

test.concurrent("F11 writes wait for a node that died, and so do those to the others while the cluster is down", async () => {
  await using opened = await openCluster();
  const { servers, writing, slot, said } = opened;
  const node = await servers.ownerOf(slot);

  await node.kill();
  await untilSeen(servers, "CLUSTERDOWN");
  await eventually(() => expect(said.join()).toMatch(/takes no writes for now: CLUSTERDOWN /));
  await node.restart();
  await writing.untilMore(5);
  await expect(writing.stop()).resolves.toBeUndefined();

  await expectAllThere(writing);
}, 60_000);
