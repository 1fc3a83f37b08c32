import { jobOptionsOf, rescueRun } from "@refrain/client";
import { RedisStore } from "@refrain/redis-store";
import { eventually } from "@refrain/testkit";
import { defineAction } from "refrain";
import { expect, test } from "vitest";
import { Harness } from "./support/harness.ts";

const harness = new Harness();
const work = defineAction<string, string>({ name: "work" });
/** Searches begin every 0.6 s. */
const QUICK = { lockDurationMs: 1000, stalledIntervalMs: 100 } as const;

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

test("a run that settles while its job is looked at gets no other job", async () => {
  const implementation = work.implement((_ctx, text) => text);
  const client = harness.client();
  const store = new RedisStore({ redis: harness.redis(), namespace: harness.namespace });
  const run = await client.enqueue(work, "one", { runId: "r-1" });
  const [live] = await store.rebuild();
  if (live === undefined) throw new Error("the run is not live");
  await harness.worker({ actions: [implementation] });
  await run.result();
  const queue = harness.queue();
  await eventually(async () => expect(await queue.remove("run-r-1")).toBe(1));

  const options = {
    store,
    queueOf: async () => queue,
    now: Date.now(),
    handOverMs: 0,
    isOverdue: false,
  };
  const lost = await rescueRun(live, options);

  expect(lost).toBeUndefined();
  expect(await queue.getJob("run-r-1")).toBeUndefined();
});

test("of several workers one searches, and another goes on when it is gone", async () => {
  const implementation = work.implement((_ctx, text) => text);
  const client = harness.client();
  const workers = await Promise.all(
    [1, 2, 3].map(() => harness.worker({ ...QUICK, actions: [implementation] })),
  );
  const lease = `${harness.prefix()}:rescuer`;
  const redis = harness.redis();
  const holder = await eventually(async () => {
    const owner = await redis.get(lease);
    expect(owner).not.toBeNull();
    return owner;
  });
  const add = async (runId: string): Promise<void> => {
    await client.enqueue(work, "later", { runId, delayMs: 60_000 });
    await harness.queue().remove(`run-${runId}`);
  };
  const rescues = (runId: string): number[] =>
    workers.map(
      ({ events }) =>
        events.filter((event) => event.type === "rescued" && event.runId === runId).length,
    );

  await add("r-1");
  await eventually(() => expect(total(rescues("r-1"))).toBe(1));
  const leader = rescues("r-1").indexOf(1);
  expect(await redis.get(lease)).toBe(holder);
  await workers[leader]?.close();
  await add("r-2");
  await eventually(() => expect(total(rescues("r-2"))).toBe(1), {
    timeoutMs: 15_000,
  });

  expect(rescues("r-2").indexOf(1)).not.toBe(leader);
  expect(await redis.pttl(lease)).toBeGreaterThan(0);
});

test("a run of a queue that no worker takes is brought back, too", async () => {
  const implementation = work.implement((_ctx, text) => text);
  const elsewhere = defineAction<null, null>({ name: "elsewhere", queue: "elsewhere" });
  await harness.client().enqueue(elsewhere, null, { runId: "r-1" });
  const queue = harness.queue("elsewhere");
  await queue.remove("run-r-1");

  const worker = await harness.worker({ ...QUICK, actions: [implementation] });
  await worker.event("rescued");

  expect(await queue.getJobState("run-r-1")).toBe("waiting");
});

test("a run whose job is where it should be is left alone, whatever it waits for", async () => {
  const implementation = work.implement((_ctx, text) => text);
  const client = harness.client();
  const queue = harness.queue();
  const waits = defineAction<null, null>({ name: "waits" });
  await client.enqueue(waits, null, { runId: "unknown" });
  await client.enqueue(work, "x", { runId: "delayed", delayMs: 60_000 });
  const worker = await harness.worker({ ...QUICK, actions: [implementation] });
  const before = (await queue.getJob("run-delayed"))?.timestamp;

  await queue.add("work", {}, jobOptionsOf("lost", {}));
  for (const runId of ["a", "b"]) {
    await client.enqueue(work, "x", { runId, delayMs: 60_000 });
    await queue.remove(`run-${runId}`);
    await worker.event("rescued", (event) => event.runId === runId);
  }

  const rescued = worker.events.filter(({ type }) => type === "rescued");
  expect(rescued.map(({ runId }) => runId)).toEqual(["a", "b"]);
  expect((await queue.getJob("run-delayed"))?.timestamp).toBe(before);
});
