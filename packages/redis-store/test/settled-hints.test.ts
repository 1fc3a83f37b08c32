import { eventually } from "@refrain/testkit";
import { Redis } from "ioredis";
import { describe, expect, it, vi } from "vitest";
import { RedisSettledHints, ShardKeys, shardOf } from "../src/index.ts";
import { openNamespace, redisUrl } from "./open-namespace.ts";

async function openHints(shards = 1) {
  const { redis, namespace, close } = await openNamespace();
  const subscriber = new Redis(redisUrl());
  const shardsOf = (runId: string) => [shardOf(runId, shards)];
  const hints = new RedisSettledHints({ redis: subscriber, namespace, shardsOf });
  const channelOf = (runId: string): string =>
    new ShardKeys(namespace, shardOf(runId, shards)).settled;
  return {
    hints,
    /** Says that a run settled, as commit.lua does; resolves to how many connections heard it. */
    settle: (runId: string) => redis.publish(channelOf(runId), JSON.stringify([runId])),
    async subscribers(runId: string): Promise<number> {
      return Number((await redis.pubsub("NUMSUB", channelOf(runId)))[1]);
    },
    async [Symbol.asyncDispose]() {
      await hints.close();
      subscriber.disconnect();
      await close();
    },
  };
}

describe("hints of settled runs", () => {
  it("reach whoever waits for that run, until it no longer waits", async () => {
    await using t = await openHints();
    const [a, other] = [vi.fn(), vi.fn()];
    const stop = t.hints.onSettled("a", a);
    t.hints.onSettled("b", other);
    await eventually(async () => expect(await t.subscribers("a")).toBe(1));

    await t.settle("a");
    await eventually(() => expect(a).toHaveBeenCalledTimes(1));
    stop();
    await t.settle("a");
    await t.settle("b");

    await eventually(() => expect(other).toHaveBeenCalledTimes(1));
    expect(a).toHaveBeenCalledTimes(1);
  });

  it("take one subscription for each shard, however many wait, and none when nobody does", async () => {
    await using t = await openHints(2);
    const ids = Array.from({ length: 20 }, (_, i) => `order-${i}`);
    const [inFirst = "", inSecond = ""] = [0, 1].map((shard) =>
      ids.find((id) => shardOf(id, 2) === shard),
    );

    const stops = [inFirst, inFirst, inSecond].map((runId) => t.hints.onSettled(runId, () => {}));
    await eventually(async () => {
      expect([await t.subscribers(inFirst), await t.subscribers(inSecond)]).toEqual([1, 1]);
    });
    for (const stop of stops.slice(0, 2)) stop();
    stops[0]?.();

    await eventually(async () => expect(await t.subscribers(inFirst)).toBe(0));
    expect(await t.subscribers(inSecond)).toBe(1);
  });

  it("come to everybody who waits for the same run", async () => {
    await using t = await openHints();
    const listener = vi.fn();
    const stop = t.hints.onSettled("a", listener);
    t.hints.onSettled("a", listener);
    await eventually(async () => expect(await t.subscribers("a")).toBe(1));

    stop();
    stop();
    await t.settle("a");

    await eventually(() => expect(listener).toHaveBeenCalledTimes(1));
  });

  it("end with close, and listeners that stop later do no harm", async () => {
    await using t = await openHints();
    const listener = vi.fn();
    const stop = t.hints.onSettled("a", listener);
    await eventually(async () => expect(await t.subscribers("a")).toBe(1));

    await t.hints.close();
    await t.settle("a");
    stop();

    expect(await t.subscribers("a")).toBe(0);
    expect(listener).not.toHaveBeenCalled();
  });
});
