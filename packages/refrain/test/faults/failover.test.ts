import { connectRedis, RedisStore } from "@refrain/redis-store";
import { eventually, RedisPair } from "@refrain/testkit";
import { pino } from "pino";
import { createClient } from "refrain";
import { expect, test } from "vitest";
import { claimRun, deliveryOf, doneCall, newRun } from "./journal-bench.ts";
import { enqueueLoad, flawsOf, Load } from "./load.ts";

const RUNS = 60;
/** Attempts outlive the failover: they do not merely lose their locks. */
const LONG_LOCKS = { lockDurationMs: 6000, stalledIntervalMs: 1000 };

test.concurrent("F10 runs go on from what a lagging replica has, and live attempts notice what it lacks", async () => {
  await using pair = await RedisPair.start();
  await using work = new Load({ callMs: 30 });
  await work.worker({ connection: pair.front.url, ...LONG_LOCKS }).ready();
  await work.worker({ connection: pair.front.url, ...LONG_LOCKS }).ready();
  const client = createClient({ connection: pair.front.url });
  const runs = await enqueueLoad(client, RUNS);
  await work.untilEffects(100);
  await pair.untilInStep();

  pair.link.blackHole();
  await work.untilEffects(160);
  await pair.failOver();
  const outputs = await work.outcomes(runs, 30_000);

  expect(flawsOf(work, outputs, { isLossy: true })).toEqual([]);
  expect(outputs.size).toBe(RUNS);
  expect(work.lost.get("gap") ?? 0).toBeGreaterThan(0);
  expect(await pair.refusals()).toBeGreaterThan(0);
  await client.close();
}, 60_000);

test.concurrent("F10 with { replicas: 1 } a failover to a lagging replica neither loses nor doubles a call", async () => {
  await using pair = await RedisPair.start({ isFollowed: true });
  await using work = new Load({ callMs: 30 });
  const said: string[] = [];
  const logger = pino({ level: "warn" }, { write: (line) => said.push(line) });
  const safe = { connection: pair.front.url, durability: { replicas: 1 } } as const;
  await work.worker({ ...safe, logger }).ready();
  const client = createClient(safe);
  const runs = await enqueueLoad(client, RUNS);
  await work.untilEffects(100);

  pair.link.blackHole();
  // From here on nothing more is acknowledged: each wait is in vain, and is followed by another.
  await pair.untilWaits(3);
  const begun = work.count("begin");
  await pair.untilWaits(2);
  const begunLater = work.count("begin");
  await pair.failOver();
  const outputs = await work.outcomes(runs, 30_000);

  expect(said.join("")).toMatch(/0 of 1 replicas have them/);
  expect(begunLater).toBe(begun);
  expect(begun).toBeLessThan(6 * RUNS);
  expect(flawsOf(work, outputs)).toEqual([]);
  expect(outputs.size).toBe(RUNS);
  expect(work.lost.get("gap") ?? 0).toBe(0);
  await client.close();
}, 60_000);

test.concurrent("F10 after a failover no former owner's claim is taken for a new one", async () => {
  await using pair = await RedisPair.start();
  const { redis } = connectRedis(pair.front.url, "journal");
  const store = new RedisStore({ redis });
  const run = newRun("run");
  await store.create(run);
  const first = deliveryOf(run, 1);
  const { claim: former } = await claimRun(store, first);
  former.record(doneCall(0));
  await former.acknowledged();
  await pair.untilInStep();
  pair.link.blackHole();
  const { claim: lost } = await claimRun(store, deliveryOf(run, 2));
  lost.record(doneCall(1));
  await lost.acknowledged();

  const failedOver = pair.failOver();
  await eventually(() => expect(redis.status).not.toBe("ready"));
  lost.record(doneCall(2));
  const refused = lost.acknowledged();
  refused.catch(() => {});
  await failedOver;
  const next = await claimRun(store, deliveryOf(run, 2));
  const late = await store.claim(first);

  await expect(refused).rejects.toMatchObject({ reason: "fenced" });
  expect(late.kind).toBe("stale");
  expect(next.run.calls.map(({ slot }) => slot)).toEqual([0]);
  next.claim.record(doneCall(1));
  await next.claim.acknowledged();
  redis.disconnect();
}, 30_000);
