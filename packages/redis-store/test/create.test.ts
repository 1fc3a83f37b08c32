import { LimitExceededError, type NewRun } from "@refrain/core";
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
    const run = newRun({ queue: "slow" });

    await bench.store.create(run);

    const { run: key } = bench.keys.of(run.runId);
    const stored = await bench.redis.hgetall(key);
    const { createdAt, ...rest } = stored;
    expect(rest).toEqual({
      status: "QUEUED",
      action: "place-order",
      version: "v1",
      queue: "slow",
      input: "input",
      request: `${run.requestId} digest`,
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

describe("createMany", () => {
  it("is on its way when it returns, all of it", async () => {
    await using bench = await openStore();
    const runs = Array.from({ length: 120 }, () => newRun());

    const created = bench.store.createMany(runs);
    const count = await bench.redis.zcard(bench.keys.live);

    expect(count).toBe(120);
    expect(await created).toHaveLength(120);
  });

  it("lets what is wrong with one keep no other from being created", async () => {
    await using bench = await openStore({ limits: { maxValueBytes: 10 } });
    const [large, blocked] = [newRun({ input: Buffer.alloc(11) }), newRun()];
    const runs = [newRun(), large, newRun({ runId: "" }), blocked, newRun({ queue: "live" })];
    await bench.redis.set(bench.keys.of(blocked.runId).run, "not a hash");

    const created = await bench.store.createMany([...runs, newRun()]);

    expect(created).toMatchObject([
      { value: { kind: "created" } },
      { reason: expect.any(LimitExceededError) },
      { reason: expect.any(TypeError) },
      {
        reason: { code: "STORE", message: expect.stringMatching(`^run ${blocked.runId}: .*WRONG`) },
      },
      { reason: expect.any(TypeError) },
      { value: { kind: "created" } },
    ]);
    expect(await bench.store.rebuild()).toHaveLength(2);
  });

  it("drops calls that somebody left without their run, and no others", async () => {
    await using bench = await openStore();
    const [left, fresh, there] = [newRun(), newRun(), newRun()];
    await bench.store.create(there);
    const journalOf = ({ runId }: NewRun) => bench.keys.of(runId).calls;
    for (const run of [left, there]) {
      await bench.redis.hset(journalOf(run), "0", Buffer.from(sampleCall()));
    }

    await bench.store.createMany([left, fresh, { ...there, requestId: "another" }]);

    const journals = [left, fresh, there].map((run) => bench.redis.exists(journalOf(run)));
    expect(await Promise.all(journals)).toEqual([0, 0, 1]);
  });
});
