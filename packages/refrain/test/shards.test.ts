import { growShards, shardOf } from "@refrain/redis-store";
import { eventually } from "@refrain/testkit";
import type { JobType } from "bullmq";
import { defineAction, durable } from "refrain";
import { expect, test } from "vitest";
import { examine } from "../src/doctor/examine.ts";
import { aclArgs, urlOf } from "./support/acl.ts";
import { refrain } from "./support/cli.ts";
import { gate, Harness, SHORT_LOCKS } from "./support/harness.ts";

const harness = new Harness({ args: aclArgs("viewer") });
const action = defineAction<number, number>({ name: "double" });
const doubling = action.implement((_, n) => n * 2);

/** So many ids that belong to this shard when there are two. */
function idsIn(shard: number, count: number): string[] {
  const ids: string[] = [];
  for (let n = 0; ids.length < count; n++) {
    if (shardOf(`r-${n}`, 2) === shard) ids.push(`r-${n}`);
  }
  return ids;
}

const grow = (shards: number) =>
  growShards({ redis: harness.redis(), namespace: harness.namespace, shards });

/** Jobs in a shard's default queue, in whatever state unless some are named. */
async function jobsIn(shard: number, states: JobType[] = []): Promise<string[]> {
  const jobs = await harness.queue("default", shard).getJobs(states);
  return jobs.map(({ id }) => id ?? "").toSorted();
}

test("a worker and a client that run while their namespace grows go on by themselves, in the new shard, too", async () => {
  const worker = await harness.worker({ actions: [doubling], ...SHORT_LOCKS });
  const client = harness.client();
  const other = harness.client();
  const [stays = "", ...staying] = idsIn(0, 5);
  const [moves = "", ...moving] = idsIn(1, 5);
  await Promise.all([client, other].map((each) => each.enqueue(action, 1, { runId: stays })));

  await grow(2);
  const first = await client.enqueue(action, 1, { runId: moves });
  const seenByOther = other.run(action, moves);
  const again = await other.enqueue(action, 1, { runId: moves });
  const many = [...staying, ...moving].map((runId) => ({ input: 2, runId }));
  const rest = await client.enqueueMany(action, many);

  expect([first.created, again.created]).toEqual([true, false]);
  expect(await seenByOther.result()).toBe(2);
  expect(await Promise.all(rest.map((run) => run.result()))).toEqual(many.map(() => 4));
  expect(worker.logs.map(({ msg, shard }) => [msg, shard])).toContainEqual([
    "the namespace has grown: this worker takes runs from its new shard",
    1,
  ]);
  const attempts = worker.events.filter(({ type }) => type === "attempt-started");
  expect(attempts).toHaveLength(10);
  // A job that its client put where it expected the run may have been taken before it could be removed.
  await eventually(async () => {
    expect(await jobsIn(0, ["wait", "active", "delayed", "failed"])).toEqual([]);
  });
  expect(await jobsIn(1)).toEqual([moves, ...moving].map((id) => `run-${id}`).toSorted());
});

test("a run of before is finished where it is, and its id stays taken", async () => {
  const { opened, open } = gate();
  const waiting = action.implement(async (_, n) => {
    await opened;
    return n;
  });
  const worker = await harness.worker({ actions: [waiting], ...SHORT_LOCKS });
  const [runId = ""] = idsIn(1, 1);
  const client = harness.client();
  const run = await client.enqueue(action, 7, { runId });
  await worker.event("attempt-started");

  await grow(2);
  const fresh = harness.client();
  const again = await fresh.enqueue(action, 7, { runId });
  const conflict = fresh.enqueue(action, 8, { runId });
  await expect(conflict).rejects.toMatchObject({ code: "RUN_CONFLICT" });
  open();

  expect([again.created, await again.result(), await run.result()]).toEqual([false, 7, 7]);
  const started = worker.events.filter(({ type }) => type === "attempt-started");
  expect(started).toHaveLength(1);
  // The refused enqueue sent no job to the new shard either.
  expect(await jobsIn(1)).toEqual([]);
});

test("a worker that closes takes no shard that is added meanwhile", async () => {
  const { opened, open } = gate();
  const hold = durable("hold", () => opened);
  const held = action.implement(async (ctx, n) => {
    await ctx.durableExecute(hold);
    return n;
  });
  const closing = await harness.worker({ actions: [held], ...SHORT_LOCKS });
  await harness.client().enqueue(action, 1);
  await closing.event("attempt-started");
  const other = await harness.worker({ actions: [doubling], ...SHORT_LOCKS });
  const grown = (worker: typeof other) =>
    worker.logs.filter(({ msg }) => msg.includes("has grown")).length;

  const closed = closing.close();
  // Two looks of the one take longer than a look of the other.
  for (const shards of [2, 3]) {
    await grow(shards);
    await eventually(() => expect(grown(other)).toBe(shards - 1));
  }
  open();
  await closed;

  expect(grown(closing)).toBe(0);
});

test("a worker consumes the shards it names, and the doctor sees which have none", async () => {
  const client = harness.client({ shards: 2 });
  const [inFirst = "", inSecond = ""] = [...idsIn(0, 1), ...idsIn(1, 1)];
  const options = { actions: [doubling], ...SHORT_LOCKS };
  const first = await harness.worker({ ...options, shards: 2, consumeShards: [0] });
  const runs = await client.enqueueMany(
    action,
    [inFirst, inSecond].map((runId) => ({ input: 4, runId })),
  );
  await first.event("settled");
  const redis = harness.redis();
  const looking = { address: "", namespace: harness.namespace, queues: [], acceptRisks: [] };

  const found = await examine(redis, looking);
  const second = await harness.worker({ ...options, consumeShards: [1] });
  await Promise.all(runs.map((run) => run.result()));
  const missing = harness.startWorker({ ...options, consumeShards: [1, 2, 5] });

  expect(found.problems.map(({ problem }) => problem)).toEqual([
    "queue default: jobs wait in shard 1, and a worker was seen in others only",
  ]);
  const startedBy = [first, second].map(({ events }) =>
    events.filter(({ type }) => type === "attempt-started").map(({ runId }) => runId),
  );
  expect(startedBy).toEqual([[inFirst], [inSecond]]);
  await expect(missing.ready()).rejects.toThrow(
    /consumeShards names 2, 5, and the namespace has 2 shards, numbered from 0/,
  );
});

test("a worker takes no more jobs from all shards together than it can run, so that few go back", async () => {
  const client = harness.client({ shards: 4 });
  const runs = await client.enqueueMany(
    action,
    Array.from({ length: 300 }, (_, n) => ({ input: n })),
  );

  await harness.worker({ actions: [doubling], concurrency: 10 });
  await Promise.all(runs.map((run) => run.result()));

  const queues = [0, 1, 2, 3].map((shard) => harness.queue("default", shard));
  const jobs = (await Promise.all(queues.map((queue) => queue.getJobs()))).flat();
  const deliveries = jobs.reduce((sum, { attemptsStarted }) => sum + attemptsStarted, 0);
  expect(deliveries).toBeGreaterThanOrEqual(300);
  expect(deliveries).toBeLessThan(360);
});

test("refrain shards shows the layout, grows it step by step, and forgets former counts when no run needs them", async () => {
  const client = harness.client();
  const runs = [...idsIn(0, 2), ...idsIn(1, 3)].map((runId) => ({ input: 1, runId }));
  await client.enqueueMany(action, runs);
  const { namespace } = harness;
  const shards = (url: string, ...args: readonly string[]) =>
    refrain(["shards", "--namespace", namespace, ...args], { REDIS_URL: url });

  const before = await shards(urlOf("viewer", harness.server.port));
  const grown = await shards(harness.url(), "--grow", "2");
  const again = await shards(harness.url(), "--grow", "2", "--json");
  const kept = await shards(harness.server.url, "--forget");
  const smaller = await shards(harness.url(), "--grow", "1");

  expect(before).toMatchObject({ code: 0, err: "" });
  expect(before.out).toBe(`namespace ${namespace}: 1 shards\n  shard 0  5 live\n`);
  expect(grown.code).toBe(0);
  expect(grown.out.split("\n").map((line) => line.split(";")[0])).toEqual([
    "growing from 1 to 2 shards",
    "shard 1 takes new runs by the new count",
    "shard 0 takes new runs by the new count",
    "grown: workers take runs from the new shards within seconds",
    "",
    `namespace ${namespace}: 2 shards, formerly 1`,
    "  shard 0  5 live, 3 of them placed by a former count",
    "  shard 1  0 live",
    "",
  ]);
  expect(JSON.parse(again.out)).toEqual({
    namespace,
    layout: { version: 1, shards: 2, first: 1, former: [1] },
    shards: [
      { shard: 0, live: 5, formerLive: 3 },
      { shard: 1, live: 0, formerLive: 0 },
    ],
  });
  expect(kept.code).toBe(1);
  expect(kept.out).toMatch(/3 runs, live or settled, still need the former counts/);
  expect(smaller).toMatchObject({ code: 2, out: "" });
  expect(smaller.err).toMatch(/has not grown to 1 shards: it has 2, and a namespace cannot shrink/);
});

test("refrain shards refuses what makes no sense, and says how it is used", async () => {
  const wrong = [
    ["--grow", "two"],
    ["--grow", "2", "--forget"],
    ["--shrink", "1"],
  ];
  for (const args of wrong) {
    const { code, err } = await refrain(["shards", ...args]);
    expect([code, /refrain shards \[options\]/.test(err)]).toEqual([2, true]);
  }
});

test("the doctor tells a growth that was broken off", async () => {
  const client = harness.client();
  await client.enqueue(action, 1, { runId: "r-1" });
  const redis = harness.redis();
  const { namespace } = harness;
  const onStep = (): Promise<void> => Promise.reject(new Error("broken off"));
  await expect(growShards({ redis, namespace, shards: 2, onStep })).rejects.toThrow("broken off");

  const { problems } = await examine(redis, {
    address: "",
    namespace,
    queues: [],
    acceptRisks: [],
  });

  const growth = problems.find(({ problem }) => problem.startsWith("namespace"));
  expect(growth?.problem).toMatch(/grows to 2 shards, or was broken off while it did/);
  expect(growth?.fix).toBe(`Run \`npx refrain shards --namespace ${namespace} --grow 2\` again`);
});
