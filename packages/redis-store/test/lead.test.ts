import { eventually } from "@refrain/testkit";
import { expect, it } from "vitest";
import { ShardKeys } from "../src/index.ts";
import { openStore } from "./store-bench.ts";

const LONG = 60_000;

it("the lease of a shard's rescuer has one holder, who may renew it", async () => {
  await using bench = await openStore();
  const { store } = bench;

  const candidates = Array.from({ length: 20 }, (_, n) => `candidate-${n}`);
  const replies = await Promise.all(candidates.map((owner) => store.lead(0, owner, LONG)));
  const holder = candidates[replies.indexOf(true)] ?? "";

  expect(replies.filter((leads) => leads)).toHaveLength(1);
  expect(await store.lead(0, holder, LONG)).toBe(true);
  expect(await store.lead(0, "another", LONG)).toBe(false);
});

it("a lease that was not renewed goes to the next who asks, and its old holder is told so", async () => {
  await using bench = await openStore();
  const { store } = bench;
  await store.lead(0, "first", 50);

  await eventually(async () => expect(await store.lead(0, "second", LONG)).toBe(true));

  expect(await store.lead(0, "first", LONG)).toBe(false);
});

it("each shard has a lease of its own, which always has a TTL", async () => {
  await using bench = await openStore({ shards: 2 });

  const leads = [await bench.store.lead(0, "a", LONG), await bench.store.lead(1, "b", LONG)];

  expect(leads).toEqual([true, true]);
  for (const shard of [0, 1]) {
    const { rescuer } = new ShardKeys(bench.namespace, shard);
    const ttl = await bench.redis.pttl(rescuer);
    expect(ttl).toBeGreaterThan(LONG - 10_000);
    expect(ttl).toBeLessThanOrEqual(LONG);
  }
});
