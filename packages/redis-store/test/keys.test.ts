import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkNamespace,
  checkQueueName,
  checkRunId,
  reservedQueueNames,
  ShardKeys,
  shardOf,
} from "../src/index.ts";

const keys = new ShardKeys("shop", 3);

describe("keys", () => {
  it("share their shard's hash tag", () => {
    const names = [keys.live, keys.settled, keys.of("a").run, keys.of("a").calls];

    expect(names).toEqual([
      "{shop:3}:live",
      "{shop:3}:settled",
      "{shop:3}:run:a",
      "{shop:3}:run:a:calls",
    ]);
    expect(keys.prefix).toBe("{shop:3}");
  });

  it("of different runs are different, whatever their ids look like", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (a, b) => {
        fc.pre(a !== b);
        const all = [keys.of(a).run, keys.of(a).calls, keys.of(b).run, keys.of(b).calls];
        expect(new Set(all).size).toBe(4);
      }),
    );
    expect(keys.of("x:calls").run).not.toBe(keys.of("x").calls);
  });

  it("show a plain run id as it is, and any other percent-encoded", () => {
    expect(keys.of("order-17_b.2~c").run).toBe("{shop:3}:run:order-17_b.2~c");
    expect(keys.of("a:b/{c} é").run).toBe("{shop:3}:run:a%3Ab%2F%7Bc%7D%20%C3%A9");
  });
});

describe("a run id", () => {
  it("is any text of 1 to 255 bytes", () => {
    for (const runId of ["a", "0", "x".repeat(255), "é".repeat(127), "\u0000", "{}:", "😀"]) {
      expect(() => checkRunId(runId)).not.toThrow();
    }
  });

  it("is refused with the reason when it is empty, too long, or holds half a character", () => {
    const refused = [
      ["", "must not be empty"],
      ["x".repeat(256), "at most 255 bytes"],
      ["é".repeat(128), "has 256"],
      ["a\ud800b", "half a character"],
    ] as const;
    for (const [runId, reason] of refused) {
      expect(() => checkRunId(runId)).toThrow(TypeError);
      expect(() => checkRunId(runId)).toThrow(reason);
    }
  });
});

describe("names", () => {
  it("of queues leave out those of our own keys", () => {
    const names = ["run", "live", "settled", "rescuer", "shards", "layout", "ack"];
    expect([...reservedQueueNames]).toEqual(names);
    expect(() => checkQueueName("live")).toThrow(/a queue cannot be named "live"/);
    expect(() => checkQueueName("default")).not.toThrow();
  });

  it("of namespaces are plain: they go into hash tags and patterns", () => {
    for (const namespace of ["refrain", "a.b-c_D9"])
      expect(() => checkNamespace(namespace)).not.toThrow();
    for (const namespace of ["", "a:b", "{a}", "a*", "ä", "x".repeat(129)]) {
      expect(() => checkNamespace(namespace)).toThrow(TypeError);
    }
  });
});

describe("shardOf", () => {
  const ids = Array.from({ length: 4000 }, (_, i) => `order-${i}`);

  it("never changes: runs are found where they were put", () => {
    const shards = ["a", "order-17", "é", "0"].map((id) => shardOf(id, 16));

    expect(shards).toMatchInlineSnapshot(`
      [
        1,
        11,
        5,
        3,
      ]
    `);
  });

  it("spreads runs evenly", () => {
    const counts = new Map<number, number>();
    for (const id of ids) counts.set(shardOf(id, 8), (counts.get(shardOf(id, 8)) ?? 0) + 1);

    expect(counts.size).toBe(8);
    for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(100);
  });

  it("moves runs only to the shards that are added", () => {
    for (const id of ids) {
      const [before, after] = [shardOf(id, 5), shardOf(id, 7)];
      expect(after === before || after >= 5).toBe(true);
    }
  });

  it("puts every run in the only shard", () => {
    expect(new Set(ids.map((id) => shardOf(id, 1)))).toEqual(new Set([0]));
  });
});
