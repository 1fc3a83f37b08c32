import {
  EffectLedger,
  eventually,
  FaultProxy,
  type RedisServer,
  startRedis,
} from "@refrain/testkit";
import { Redis } from "ioredis";
import { currentCall, defineAction, durable, notStarted } from "refrain";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Harness, SHORT_LOCKS } from "./support/harness.ts";

const harness = new Harness();
const RUNS = 5;
const CALLS = 8;

/** A primary, its replica behind a link that can fail, and the replica's own, for when that is promoted. */
let primary: RedisServer;
let replica: RedisServer;
let third: RedisServer;
let link: FaultProxy;
/** Where workers and clients find whichever is the primary. */
let front: FaultProxy;

beforeAll(async () => {
  const args = ["--repl-diskless-sync-delay", "0"];
  const follow = (port: number) =>
    startRedis({ args: [...args, "--replicaof", "127.0.0.1", String(port)] });
  primary = await startRedis({ args });
  link = await FaultProxy.start({ port: primary.port });
  front = await FaultProxy.start({ port: primary.port });
  replica = await follow(link.port);
  third = await follow(replica.port);
});

afterAll(async () => {
  await Promise.all([link.close(), front.close()]);
  for (const server of [third, replica, primary]) await server.stop();
});

test("F10 with { replicas: 1 } a failover to a lagging replica neither loses nor doubles a call", async () => {
  const ledger = new EffectLedger();
  const effects = () => ledger.counts("effect");
  const charge = durable("charge", async (n: number) => {
    ledger.write({ kind: "effect", key: currentCall().idempotencyKey });
    await new Promise((resolve) => setTimeout(resolve, 30));
    return n;
  });
  const action = defineAction<null, number>({ name: "work" });
  const implementation = action.implement(async (ctx) => {
    let sum = 0;
    for (let n = 0; n < CALLS; n++) {
      const reconciler = () => (effects().has(currentCall().idempotencyKey) ? n : notStarted());
      sum += await ctx.durableExecute(charge, [n], { reconciler });
    }
    return sum;
  });
  const old = new Redis(primary.url);
  old.on("error", () => {});
  harness.defer(async () => old.disconnect());
  await eventually(async () => expect(await old.wait(1, 100)).toBe(1));
  const safe = { connection: front.url, durability: { replicas: 1 } } as const;
  const worker = await harness.worker({ ...SHORT_LOCKS, ...safe, actions: [implementation] });
  const items = Array.from({ length: RUNS }, (_, n) => ({ input: null, runId: `r-${n}` }));
  const runs = await harness.client(safe).enqueueMany(action, items);
  await eventually(() => expect(effects().size).toBeGreaterThan(RUNS));

  link.blackHole();
  // From here on nothing more is acknowledged: each wait is in vain, and is followed by another.
  await untilWaits(old, 3);
  const begun = effects().size;
  await untilWaits(old, 2);
  const begunLater = effects().size;
  await primary.kill();
  const next = new Redis(replica.url);
  harness.defer(async () => next.disconnect());
  await next.replicaof("NO", "ONE");
  front.retarget(replica.port);
  const results = await Promise.all(runs.map((run) => run.result({ timeoutMs: 40_000 })));

  expect(worker.logs.map(({ msg }) => msg).join()).toMatch(/0 of 1 replicas have them/);
  expect(begunLater).toBe(begun);
  expect(begun).toBeLessThan(RUNS * CALLS);
  expect(results).toEqual(Array.from({ length: RUNS }, () => (CALLS * (CALLS - 1)) / 2));
  expect(effects().size).toBe(RUNS * CALLS);
  expect(new Set(effects().values())).toEqual(new Set([1]));
}, 60_000);

/** Resolves when a server was asked so many times more to wait for its replicas. */
async function untilWaits(redis: Redis, times: number): Promise<void> {
  const waits = async (): Promise<number> => {
    const stats = await redis.info("commandstats");
    return Number(/cmdstat_wait:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  };
  const before = await waits();
  await eventually(async () => expect(await waits()).toBeGreaterThanOrEqual(before + times));
}
