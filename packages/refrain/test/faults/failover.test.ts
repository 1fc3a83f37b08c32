import { connectRedis, RedisStore } from "@refrain/redis-store";
import { eventually } from "@refrain/testkit";
import { createClient } from "refrain";
import { expect, test } from "vitest";
import { claimRun, deliveryOf, doneCall, newRun } from "./journal-bench.ts";
import { enqueueLoad, flawsOf, Load } from "./load.ts";
import { Pair } from "./pair.ts";

const RUNS = 60;
/** Attempts outlive the failover: they do not merely lose their locks. */
const LONG_LOCKS = { lockDurationMs: 6000, stalledIntervalMs: 1000 };

test.concurrent("F10 runs go on from what a lagging replica has, and live attempts notice what it lacks", async () => {
  await using pair = await Pair.start();
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

test.concurrent("F10 after a failover no former owner's claim is taken for a new one", async () => {
  await using pair = await Pair.start();
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
