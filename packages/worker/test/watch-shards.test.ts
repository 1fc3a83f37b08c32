import { virtualClock } from "@refrain/testkit";
import { expect, test } from "vitest";
import { watchShards } from "../src/watch-shards.ts";

test("a shard that could not be taken is told of once, is tried again with each look, and is taken once", async () => {
  const clock = virtualClock();
  const tries: number[] = [];
  const troubles: unknown[] = [];
  const refused = new Error("refused");
  const stop = watchShards({
    shards: async () => [0, 1, 2],
    known: [0],
    everyMs: 1000,
    clock,
    onAdded: async (shard) => {
      tries.push(shard);
      if (tries.length <= 2) throw refused;
    },
    onTrouble: (error) => troubles.push(error),
  });

  await clock.advance(10_000);
  stop();

  expect(tries).toEqual([1, 1, 1, 2]);
  expect(troubles).toEqual([refused]);
  expect(clock.timers).toBe(0);
});
