import { overdueRuns } from "@refrain/client";
import { RedisStore } from "@refrain/redis-store";
import { eventually } from "@refrain/testkit";
import type { Job, Queue } from "bullmq";
import { UnrecoverableError, Worker } from "bullmq";
import { currentCall, defineAction, durable } from "refrain";
import { expect, test } from "vitest";
import { gate, Harness, WARN } from "./support/harness.ts";

const harness = new Harness();
const work = defineAction<string, string>({ name: "work" });
/** Searches begin every 0.6 s. */
const QUICK = { lockDurationMs: 1000, stalledIntervalMs: 100 } as const;
const TOKEN = "token";

/** An action of one reconcilable call, and its effects. */
function working() {
  const effects: string[] = [];
  const effect = durable("effect", async (text: string) => {
    effects.push(currentCall().idempotencyKey);
    return text;
  });
  const implementation = work.implement((ctx, text) =>
    ctx.durableExecute(effect, [text], { reconciler: () => "reconciled" }),
  );
  return { effects, implementation };
}

async function takeJob(): Promise<Job> {
  const worker = new Worker("default", null, {
    connection: harness.redis(),
    prefix: harness.prefix(),
    autorun: false,
  });
  harness.defer(() => worker.close());
  const job = await worker.getNextJob(TOKEN);
  if (job === undefined) throw new Error("there is no job");
  return job;
}

async function jobOf(queue: Queue, runId = "r-1"): Promise<Job> {
  const job = await queue.getJob(`run-${runId}`);
  if (job === undefined) throw new Error("there is no job");
  return job;
}

async function edit(queue: Queue, data: object): Promise<void> {
  const job = await jobOf(queue);
  await job.updateData({ ...job.data, ...data });
}

/** Runs that are created now are younger than those before. */
async function nextMillisecond(): Promise<void> {
  const before = Date.now();
  await eventually(() => expect(Date.now()).toBeGreaterThan(before + 1));
}

const key = (suffix: string): string => `${harness.prefix()}:default:${suffix}`;

const losses: [string, string, (queue: Queue) => Promise<unknown>][] = [
  ["is removed", "absent", (queue) => queue.remove("run-r-1")],
  ["goes with its queue, which is obliterated", "absent", (queue) => queue.obliterate()],
  ["is cleaned", "absent", (queue) => queue.clean(0, 10, "wait")],
  ["is drained", "absent", (queue) => queue.drain()],
  [
    "is failed by hand",
    "failed",
    async () => (await takeJob()).moveToFailed(new UnrecoverableError("by hand"), TOKEN, false),
  ],
  [
    "is completed by hand",
    "completed",
    async () => (await takeJob()).moveToCompleted("by hand", TOKEN, false),
  ],
  ["loses its data", "failed", () => harness.redis().del(key("run-r-1"))],
  ["gets other data", "failed", async (queue) => (await jobOf(queue)).updateData("garbage")],
  ["falls out of BullMQ's lists", "absent", () => harness.redis().lrem(key("wait"), 0, "run-r-1")],
  ["is told to be another run's", "failed", (queue) => edit(queue, { runId: "r-2" })],
  ["is told to be another action's", "failed", (queue) => edit(queue, { action: "other" })],
  ["is told to be older", "completed", (queue) => edit(queue, { incarnation: -1 })],
  ["is told to be no number", "failed", (queue) => edit(queue, { incarnation: "first" })],
];

test.each(losses)(
  "F24 a run whose job %s is brought back by a worker, told, and done once (%s)",
  async (_, lost, lose) => {
    const { effects, implementation } = working();
    const client = harness.client();
    const queue = harness.queue();
    const [run] = await client.enqueueMany(work, [
      { input: "one", runId: "r-1" },
      { input: "two", runId: "r-2", delayMs: 3_600_000 },
    ]);

    await lose(queue);
    const worker = await harness.worker({ ...QUICK, actions: [implementation] });

    expect(await run?.result({ timeoutMs: 15_000 })).toBe("one");
    const rescued = worker.events.filter(
      ({ type, runId }) => type === "rescued" && runId === "r-1",
    );
    expect(rescued).toMatchObject([{ runId: "r-1", action: "work", job: lost }]);
    const warning = worker.logs.find(({ level, job }) => level === WARN && job === lost);
    expect(warning).toMatchObject({ run: "r-1", action: "work", queue: "default" });
    expect(warning?.msg).toMatch(/^run r-1 \(work\): it is not settled, and its job (?:was|had) /);
    expect(effects).toHaveLength(1);
    expect((await client.run("r-2").state()).status).toBe("QUEUED");
  },
);

test("F18 F24 a damaged job takes those with it that come due beside it, and they are brought back", async () => {
  const { effects, implementation } = working();
  const items = [1, 2, 3].map((n) => ({ input: "one", runId: `r-${n}`, delayMs: 50 * n }));
  const runs = await harness.client().enqueueMany(work, items);
  // BullMQ takes all that is due off one list before it finds that this is no priority.
  await harness.redis().hset(key("run-r-1"), "priority", "NaN");
  await eventually(async () => {
    expect(await harness.redis().zcount(key("delayed"), 0, Date.now() * 0x1000)).toBe(3);
  });

  const worker = await harness.worker({ ...QUICK, actions: [implementation] });

  const outputs = await Promise.all(runs.map((run) => run.result({ timeoutMs: 15_000 })));
  expect(outputs).toEqual(["one", "one", "one"]);
  expect(effects).toHaveLength(3);
  expect(worker.events.filter(({ type }) => type === "rescued")).toHaveLength(3);
});

test("only what is older than the next delivery of its queue, or under way, is looked for in its lists", async () => {
  const client = harness.client();
  const store = new RedisStore({ redis: harness.redis(), namespace: harness.namespace });
  const queue = harness.queue();
  const queueOf = async () => queue;
  for (const runId of ["r-1", "r-2"]) await client.enqueue(work, "", { runId });
  await nextMillisecond();
  for (const runId of ["r-3", "r-4", "r-5"]) await client.enqueue(work, "", { runId });
  for (const lost of ["r-1", "r-2"]) await harness.redis().lrem(key("wait"), 0, `run-${lost}`);
  const live = await store.rebuild();
  const running = live.map((run) => ({ ...run, isRunning: run.runId === "r-5" }));

  const all = await overdueRuns(running, { store, queueOf, mostEntries: 1000 });
  const few = await overdueRuns(live, { store, queueOf, mostEntries: 1 });

  expect([...all].map(({ runId }) => runId).toSorted()).toEqual(["r-1", "r-2", "r-5"]);
  expect([...few]).toHaveLength(1);
});

test("F24 an incarnation of any size still leaves room for the next job", async () => {
  const { implementation } = working();
  const run = await harness.client().enqueue(work, "one", { runId: "r-1" });
  const queue = harness.queue();
  await edit(queue, { incarnation: Number.MAX_SAFE_INTEGER });
  const hold = gate();
  const holding = work.implement(async () => {
    await hold.opened;
    return "held";
  });
  const first = await harness.worker({ ...QUICK, actions: [holding], drainTimeoutMs: 0 });
  await first.event("attempt-started");
  await first.close();
  await queue.obliterate({ force: true });

  const worker = await harness.worker({ ...QUICK, actions: [implementation] });

  expect(await run.result({ timeoutMs: 15_000 })).toBe("one");
  expect(worker.events.filter(({ type }) => type === "rescued")).toHaveLength(1);
  hold.open();
});

test("F15 a run whose client died before its job was added is run", async () => {
  const { implementation } = working();
  const client = harness.client();
  const store = new RedisStore({ redis: harness.redis(), namespace: harness.namespace });
  const donor = await client.enqueue(work, "one", { runId: "donor", delayMs: 3_600_000 });
  const { input, action, version, queue } = await store.read(donor.runId).then((found) => {
    if (found === undefined) throw new Error("the donor is missing");
    return found;
  });
  const named = { runId: "r-1", action, version, queue, requestId: "request" };
  await store.create({ ...named, input, inputDigest: "digest" });

  await harness.worker({ ...QUICK, actions: [implementation] });

  expect(await client.run(work, "r-1").result({ timeoutMs: 15_000 })).toBe("one");
});

test("F24 a run that was to wait, or to come late, still does so when its queue was obliterated", async () => {
  const { effects, implementation } = working();
  const client = harness.client();
  const later = await client.enqueue(work, "later", { runId: "r-1", delayMs: 60_000, priority: 5 });
  const soon = await client.enqueue(work, "soon", { runId: "r-2", delayMs: 1500 });
  const queue = harness.queue();
  const enqueuedAt = performance.now();
  await queue.obliterate({ force: true });

  const worker = await harness.worker({ ...QUICK, actions: [implementation] });
  await worker.event("rescued", ({ runId }) => runId === "r-1");

  const job = await jobOf(queue);
  expect(await job.getState()).toBe("delayed");
  expect(job.delay).toBeGreaterThan(40_000);
  expect(job.delay).toBeLessThanOrEqual(60_000);
  expect(job.priority).toBe(5);
  expect(await soon.result({ timeoutMs: 15_000 })).toBe("soon");
  expect(performance.now() - enqueuedAt).toBeGreaterThan(1400);
  expect(effects).toHaveLength(1);
  expect(await later.status()).toBe("QUEUED");
});

test("F24 obliterating a queue of 300 runs loses none of them, and its log stays readable", async () => {
  const { effects, implementation } = working();
  const client = harness.client();
  const items = Array.from({ length: 300 }, (_, n) => ({ input: `${n}`, runId: `r-${n}` }));
  const runs = await client.enqueueMany(work, items);
  await harness.queue().obliterate({ force: true });

  const options = { ...QUICK, lockDurationMs: 15_000, concurrency: 50 };
  const worker = await harness.worker({ ...options, actions: [implementation] });
  const results = await Promise.all(runs.map((run) => run.result({ timeoutMs: 25_000 })));

  expect(results).toEqual(items.map(({ input }) => input));
  expect(effects).toHaveLength(300);
  expect(worker.events.filter(({ type }) => type === "rescued")).toHaveLength(300);
  const lines = worker.logs.filter(({ level, msg }) => level === WARN && /job/.test(msg));
  expect(lines.length).toBeLessThan(60);
  expect(lines.map(({ msg }) => msg)).toContainEqual(expect.stringMatching(/^\d+ more runs had/));
}, 40_000);

test("F24 a call that is under way when its queue is obliterated is not asked about before its lock is over", async () => {
  const times: Record<string, number> = {};
  const note = (what: string): void => {
    times[what] ??= performance.now();
  };
  const effect = durable("effect", async () => {
    note("started");
    await new Promise((resolve) => setTimeout(resolve, 700));
    note("ended");
    return "done";
  });
  const implementation = work.implement((ctx) =>
    ctx.durableExecute(effect, [], {
      reconciler: () => {
        note("asked");
        return "reconciled";
      },
    }),
  );
  const worker = await harness.worker({ ...QUICK, actions: [implementation] });
  const run = await harness.client().enqueue(work, "one", { runId: "r-1" });
  await eventually(() => expect(times).toHaveProperty("started"));
  const obliteratedAt = performance.now();
  await harness.queue().obliterate({ force: true });

  expect(await run.result({ timeoutMs: 15_000 })).toBe("reconciled");

  await worker.event("rescued");
  expect(times["asked"]).toBeGreaterThan(times["ended"] ?? Number.NaN);
  expect((times["asked"] ?? 0) - obliteratedAt).toBeGreaterThan(QUICK.lockDurationMs);
});

test("F24 rebuild brings back every lost job of every shard at once, and only those", async () => {
  const { effects, implementation } = working();
  const shards = 3;
  const client = harness.client({ shards });
  const items = Array.from({ length: 120 }, (_, n) => ({ input: `${n}`, runId: `r-${n}` }));
  const runs = await client.enqueueMany(work, items);
  for (const shard of [0, 1]) await harness.queue("default", shard).obliterate({ force: true });
  const left = await harness.queue("default", 2).getWaitingCount();

  const added = await Promise.all([client.rebuild(), harness.client({ shards }).rebuild()]);
  const again = await client.rebuild();

  expect(left).toBeGreaterThan(0);
  expect(added[0] + added[1]).toBeGreaterThanOrEqual(120 - left);
  expect(again).toBe(0);
  await harness.worker({ shards, concurrency: 20, actions: [implementation] });
  const results = await Promise.all(runs.map((run) => run.result({ timeoutMs: 25_000 })));
  expect(results).toEqual(items.map(({ input }) => input));
  expect(effects).toHaveLength(120);
});
