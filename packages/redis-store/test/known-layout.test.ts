import { expect, it } from "vitest";
import { KnownLayout } from "../src/index.ts";
import { openStore } from "./store-bench.ts";

it("lets a reader into a namespace that nobody has laid out, and leaves it so", async () => {
  await using bench = await openStore();
  const { redis, namespace } = bench;

  await new KnownLayout({ redis, namespace, shards: 7 }).readyToRead();

  expect(await redis.keys(`{${namespace}:*`)).toEqual([]);
});

it("refuses a reader that looks for another layout", async () => {
  await using bench = await openStore({ shards: 3 });
  const { redis, namespace } = bench;
  await bench.store.ready();

  const known = new KnownLayout({ redis, namespace, shards: undefined });
  const [three, one] = [3, 1].map((shards) => new KnownLayout({ redis, namespace, shards }));

  await known.readyToRead();
  await three?.readyToRead();

  expect(known.shards).toEqual([0, 1, 2]);
  await expect(one?.readyToRead()).rejects.toThrow(/in 3 shards, not 1/);
  await redis.hset(`{${namespace}:0}:layout`, "version", "2");
  await expect(three?.readyToRead()).rejects.toThrow(/layout version 2/);
  await expect(known.refresh()).rejects.toThrow(/layout version 2/);
});
