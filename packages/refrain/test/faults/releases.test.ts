import { eventually } from "@refrain/testkit";
import { defineAction, durable } from "refrain";
import { expect, test } from "vitest";
import { Harness, SHORT_LOCKS, WARN } from "../support/harness.ts";

const harness = new Harness();
const action = defineAction<null, string>({ name: "work" });
const step = durable("step", () => "done");
const implementation = action.implement((ctx) => ctx.durableExecute(step, []));

/** The keys of the one run of a test. */
function keysOf(runId: string): { readonly run: string; readonly job: string } {
  const prefix = harness.prefix();
  return { run: `${prefix}:run:${runId}`, job: `${prefix}:default:run-${runId}` };
}

async function deliveriesOf(runId: string): Promise<number> {
  return Number(await harness.redis().hget(keysOf(runId).job, "ats"));
}

/** Has a job that waits for its next delivery delivered now. */
async function hurry(runId: string): Promise<void> {
  const job = await harness.queue().getJob(`run-${runId}`);
  await job?.promote().catch(() => {});
}

/** A run whose first call another worker has recorded, and handed back before it was settled. */
async function runWithCall(runId: string) {
  const waiting = durable(
    "waiting",
    () => new Promise<string>((resolve) => setTimeout(resolve, 300, "w")),
  );
  const worker = await harness.worker({
    ...SHORT_LOCKS,
    actions: [
      action.implement(async (ctx) => {
        await ctx.durableExecute(step, []);
        await ctx.durableExecute(waiting, []);
        return ctx.durableExecute(
          durable("last", () => "never"),
          [],
        );
      }),
    ],
  });
  const run = await harness.client().enqueue(action, null, { runId });
  const calls = `${keysOf(runId).run}:calls`;
  const redis = harness.redis();
  await eventually(async () => expect(await redis.hlen(calls)).toBeGreaterThan(0));
  await worker.close();
  return { run, redis, calls };
}

test("F21 a worker hands back, and never fails, a run whose journal a newer release has written", async () => {
  const { run, redis, calls } = await runWithCall("r-1");
  const old = await redis.hgetallBuffer(calls);
  const newer = Object.fromEntries(
    Object.entries(old).map(([slot, bytes]) => [
      slot,
      Buffer.concat([Buffer.of(2), bytes.subarray(1)]),
    ]),
  );
  await redis.hset(calls, newer);

  const worker = await harness.worker({
    ...SHORT_LOCKS,
    poisonAfter: 1,
    actions: [implementation],
  });
  await eventually(
    () => expect(worker.events.filter(({ type }) => type === "released").length).toBeGreaterThan(1),
    { timeoutMs: 30_000 },
  );
  const stored = await redis.hgetallBuffer(calls);
  await worker.close();

  expect(new Set(worker.events.map(({ type }) => type))).toEqual(
    new Set(["attempt-started", "released"]),
  );
  expect(worker.events.find(({ type }) => type === "released")).toMatchObject({
    reason: "newer-release",
  });
  expect(worker.logs.find(({ level }) => level === WARN)?.msg).toMatch(
    /written by a newer release/,
  );
  expect(stored).toEqual(newer);
  expect(await run.status()).toBe("QUEUED");
  // The worker that can read it goes on from there.
  await redis.hset(calls, old);
  await harness.worker({
    ...SHORT_LOCKS,
    actions: [
      action.implement(async (ctx) => {
        await ctx.durableExecute(step, []);
        return `attempt ${ctx.attempt}`;
      }),
    ],
  });
  await hurry("r-1");
  expect(await run.result({ timeoutMs: 30_000 })).toMatch(/^attempt/);
}, 90_000);

test("F21 a worker never fails a run with a value that a newer release has encoded", async () => {
  const { run, redis, calls } = await runWithCall("r-1");
  const old = await redis.hgetBuffer(calls, "0");
  const bytes = old ?? Buffer.alloc(0);
  const header = 40 + bytes.readUInt16BE(30);
  const newer = Buffer.concat([bytes.subarray(0, header), Buffer.of(2)]);
  await redis.hset(calls, "0", newer);

  const worker = await harness.worker({
    ...SHORT_LOCKS,
    poisonAfter: 1,
    actions: [implementation],
  });
  await eventually(
    async () => {
      await hurry("r-1");
      expect(worker.events.filter(({ type }) => type === "attempt-started").length).toBeGreaterThan(
        3,
      );
    },
    { timeoutMs: 30_000 },
  );

  expect(await run.status()).toBe("RUNNING");
}, 40_000);

test("F21 a run that is kept in a newer layout is left alone, and says so to whoever reads it", async () => {
  const redis = harness.redis();
  const run = await harness.client().enqueue(action, null, { runId: "r-1" });
  const { run: key } = keysOf("r-1");
  await redis.hset(key, "layout", "2", "status", "HIBERNATING");
  const before = await redis.hgetall(key);

  const worker = await harness.worker({ ...SHORT_LOCKS, actions: [implementation] });
  await eventually(async () => expect(await deliveriesOf("r-1")).toBeGreaterThan(1), {
    timeoutMs: 30_000,
  });

  expect(await redis.hgetall(key)).toEqual(before);
  await expect(run.status()).rejects.toThrow(/run r-1 cannot be read: it is kept in layout 2/);
  expect(worker.events).toEqual([]);
  await redis.hdel(key, "layout");
  await redis.hset(key, "status", "QUEUED");
  await hurry("r-1");
  expect(await run.result({ timeoutMs: 30_000 })).toBe("done");
}, 90_000);

test("F21 what another release added to a run and to its job is ignored, and stays", async () => {
  const redis = harness.redis();
  const run = await harness.client().enqueue(action, null, { runId: "r-1" });
  const { run: key, job } = keysOf("r-1");
  const data = JSON.parse((await redis.hget(job, "data")) ?? "") as object;
  const { preview: _, version: __, ...older } = { preview: "", version: "", ...data };
  await redis.hset(key, "mood", "good", "weather", "fine");
  await redis.hset(job, "data", JSON.stringify({ ...older, colour: "red" }));

  await harness.worker({ actions: [implementation] });

  expect(await run.result()).toBe("done");
  expect(await redis.hmget(key, "mood", "weather")).toEqual(["good", "fine"]);
  expect(await redis.hget(job, "data")).toContain('"colour":"red"');
});

test("F21 a namespace that is moved to a newer layout lets in no more of this release, and stops none", async () => {
  const redis = harness.redis();
  const client = harness.client();
  const worker = await harness.worker({ actions: [implementation] });
  await client.enqueue(action, null, { runId: "before" });

  await redis.hset(`${harness.prefix()}:layout`, "version", "2");
  const run = await client.enqueue(action, null, { runId: "after" });

  expect(await run.result()).toBe("done");
  await worker.close();
  const late = harness.startWorker({ actions: [implementation] });
  const clear =
    /namespace "t\d+" has layout version 2, this release knows 1: use the release that wrote it/;
  await expect(late.ready()).rejects.toThrow(clear);
  await expect(harness.client().enqueue(action, null)).rejects.toThrow(clear);
});

test("F30 a run of another version of its action is run by the worker that has the action", async () => {
  const newer = defineAction<null, string>({ name: "work", version: "2" });
  await harness.worker({ actions: [implementation] });

  const run = await harness.client().enqueue(newer, null);

  expect(await run.result()).toBe("done");
});
