import { expect, it } from "vitest";
import { checkLayoutIfAny } from "../src/index.ts";
import { openStore } from "./store-bench.ts";

it("lets a reader into a namespace that nobody has laid out, and leaves it so", async () => {
  await using bench = await openStore();
  const { redis, namespace } = bench;

  await checkLayoutIfAny(redis, namespace, 7);

  expect(await redis.keys(`{${namespace}:*`)).toEqual([]);
});

it("refuses a reader that looks for another layout", async () => {
  await using bench = await openStore({ shards: 3 });
  const { redis, namespace } = bench;
  await bench.store.ready();

  await checkLayoutIfAny(redis, namespace, 3);

  await expect(checkLayoutIfAny(redis, namespace, 1)).rejects.toThrow(/in 3 shards, not 1/);
  await redis.hset(`{${namespace}:0}:layout`, "version", "2");
  await expect(checkLayoutIfAny(redis, namespace, 3)).rejects.toThrow(/layout version 2/);
});
