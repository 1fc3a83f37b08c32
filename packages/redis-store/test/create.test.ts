import { LimitExceededError } from "@refrain/core";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { RedisStore } from "../src/index.ts";
import { redisUrl } from "./open-namespace.ts";
import { claimedRun, newRun, openStore, sampleCall } from "./store-bench.ts";

describe("create", () => {
  it("is on its way when it returns: what is sent next arrives after it", async () => {
    await using bench = await openStore();
    const run = newRun();

    const created = bench.store.create(run);
    const status = await bench.redis.hget(bench.keys.of(run.runId).run, "status");

    expect(status).toBe("QUEUED");
    expect(await created).toMatchObject({ kind: "created" });
  });

  it("keeps that order on a connection that is not open yet", async () => {
    await using bench = await openStore();
    const redis = new Redis(redisUrl(), { lazyConnect: true });
    const store = new RedisStore({ redis, namespace: bench.namespace });
    const run = newRun();

    const created = store.create(run);
    const status = await redis.hget(bench.keys.of(run.runId).run, "status");

    expect(status).toBe("QUEUED");
    await created;
    redis.disconnect();
  });

  it("stores what was asked for, live by its time of creation and without a TTL", async () => {
    await using bench = await openStore();
    const run = newRun();

    await bench.store.create(run);

    const { run: key } = bench.keys.of(run.runId);
    const stored = await bench.redis.hgetall(key);
    const { createdAt, ...rest } = stored;
    expect(rest).toEqual({
      status: "QUEUED",
      action: "place-order",
      version: "v1",
      queue: "default",
      input: "input",
      inputDigest: "digest",
      requestId: run.requestId,
    });
    expect(await bench.redis.zscore(bench.keys.live, run.runId)).toBe(createdAt);
    expect(await bench.redis.pttl(key)).toBe(-1);
  });

  it("stores when the first attempt may begin, and the priority, where there is one", async () => {
    await using bench = await openStore();
    const runs = [newRun({ delayMs: 0 }), newRun({ delayMs: 3.2e12, priority: 2 })];
    for (const run of runs) await bench.store.create(run);

    const stored = await Promise.all(
      runs.map(({ runId }) => bench.redis.hgetall(bench.keys.of(runId).run)),
    );

    const [now, later] = stored;
    expect(now).toMatchObject({ notBefore: now?.["createdAt"] });
    expect(now).not.toHaveProperty("priority");
    const notBefore = `${Number(later?.["createdAt"]) + 3.2e12}`;
    expect(later).toMatchObject({ notBefore, priority: "2" });
  });

  it("drops calls that somebody left without their run", async () => {
    await using bench = await openStore();
    const run = newRun();
    await bench.redis.hset(bench.keys.of(run.runId).calls, "0", Buffer.from(sampleCall()));

    const { claimed } = await claimedRun(bench, run);

    expect(claimed.calls).toEqual([]);
  });

  it("refuses what cannot be a run before anything is sent", async () => {
    await using bench = await openStore({ limits: { maxValueBytes: 10 } });

    await expect(bench.store.create(newRun({ runId: "" }))).rejects.toThrow(TypeError);
    await expect(bench.store.create(newRun({ queue: "live" }))).rejects.toThrow(TypeError);
    const large = bench.store.create(newRun({ input: Buffer.alloc(11) }));
    await expect(large).rejects.toThrow(LimitExceededError);
    expect(await bench.store.rebuild()).toEqual([]);
  });

  it("names the run and the reason when Redis refuses", async () => {
    await using bench = await openStore();
    const run = newRun();
    await bench.redis.set(bench.keys.of(run.runId).run, "not a hash");

    const created = bench.store.create(run);

    await expect(created).rejects.toMatchObject({
      code: "STORE",
      isTransient: false,
      message: expect.stringMatching(`^run ${run.runId}: .*WRONGTYPE`),
      cause: expect.any(Error),
    });
  });
});
