import { setTimeout as pause } from "node:timers/promises";
import { eventually, startRedis } from "@refrain/testkit";
import { Queue } from "bullmq";
import { defineAction, durable, OutcomeUnknownError } from "refrain";
import { expect, test } from "vitest";
import { gate, Harness, type LogLine, type TestWorker, WARN } from "../support/harness.ts";
import { documentedWarnings, warningsLike } from "./support/documented-warnings.ts";

// docs/writing-actions.md quotes what a worker logs: here it logs it.

const harness = new Harness();
const seen = new Set<string>();

/** They need half a minute, a broken or a full server, a way over the network, or a crash or a restart, which other tests make. */
const NOT_CAUSED_HERE = [
  "reconciler-removed",
  "search-failed",
  "growth-not-seen",
  "record-missing",
  "redis-nearly-full",
  "redis-plaintext",
  "redis-write-failed",
  "redis-takes-no-writes",
  "redis-lost",
  "redis-node-lost",
  "clock-skew",
  "newer-release",
];

test("what an attempt warns of is documented", async () => {
  const link = durable("link.make", () => new URL("https://example.org"));
  const slow = durable("slow.run", () => pause(50));
  const lost = durable("lost.run", (): string => {
    throw new OutcomeUnknownError({ retryAfterMs: 1 });
  });
  const never = durable("never.run", () => 1);
  const odd = defineAction<null, void>({ name: "odd" });
  const oddities = odd.implement(async (ctx) => {
    await ctx.durableExecute(link);
    await ctx.durableExecute(lost, [], { reconciler: (): string => undefined as never });
    await pause(50);
    void ctx.durableExecuteAsync(never);
    void ctx.durableExecute(slow);
  });
  const worker = await harness.worker({ actions: [oddities] });

  const run = await harness.client().enqueue(odd, null);
  await run.result();

  expect(warnings(worker)).toEqual([
    "call-not-awaited",
    "class-instance",
    "handle-unused",
    "non-durable-wait",
    "outcome-unknown",
    "reconciler-returned-undefined",
  ]);
});

test("what an attempt warns of whose code changed, or awaits timers in branches, is documented", async () => {
  const reached = gate();
  const first = durable("first", () => "first");
  const second = durable("second", () => "second");
  const third = durable("third", () => "third");
  const last = durable("last", () => {
    reached.open();
    return pause(600);
  });
  const other = durable("other", () => "other");
  const branchy = defineAction<null, void>({ name: "branchy" });
  const branches = branchy.implement(async (ctx) => {
    await Promise.all([
      ctx.durableExecute(first).then(async () => {
        if (ctx.attempt > 1) await pause(5500);
        await ctx.durableExecute(second);
      }),
      ctx.durableExecute(third),
    ]);
    await ctx.durableExecute(ctx.attempt > 1 ? other : first);
    await ctx.durableExecute(last);
    await ctx.durableExecute(third);
  });
  const worker = await harness.worker({ actions: [branches], drainTimeoutMs: 1000 });
  const run = await harness.client().enqueue(branchy, null);
  await reached.opened;

  await worker.close();
  const next = await harness.worker({ actions: [branches] });
  await run.result();

  expect(warnings(next)).toEqual(["diverged", "non-durable-wait", "order-not-restored"]);
}, 30_000);

test("what a worker warns of in its queue is documented", async () => {
  const known = defineAction<null, void>({ name: "known" });
  const unknown = defineAction<null, void>({ name: "unknown" });
  const worker = await harness.worker({ actions: [known.implement(() => {})] });
  const queue = new Queue("default", {
    prefix: harness.prefix(),
    connection: { url: harness.server.url },
  });
  harness.defer(() => queue.close());

  await queue.add("anything", {}, { jobId: "run-anything" });
  await harness.client().enqueue(unknown, null);

  await eventually(() => expect(warnings(worker)).toEqual(["job-without-data", "unknown-action"]));
});

test("what a worker warns of when locks suffer is documented", async () => {
  const started = gate();
  const finish = gate();
  const busy = defineAction<null, void>({ name: "busy" });
  const block = durable("block", () => {
    const until = performance.now() + 1200;
    while (performance.now() < until);
  });
  const wait = durable("wait", () => {
    started.open();
    return finish.opened;
  });
  const working = busy.implement(async (ctx) => {
    await ctx.durableExecute(wait);
    await ctx.durableExecute(block);
  });
  const worker = await harness.worker({ actions: [working], lockDurationMs: 2000 });
  const redis = harness.redis();
  const run = await harness.client().enqueue(busy, null);
  await started.opened;

  await redis.config("SET", "maxmemory", "1");
  await eventually(() => expect(warnings(worker)).toContain("locks-not-renewed"));
  await redis.config("SET", "maxmemory", "0");
  finish.open();
  await run.result();

  expect(warnings(worker)).toContain("event-loop-blocked");
});

test("what a worker warns of that closes too early is documented", async () => {
  const started = gate();
  const long = defineAction<null, void>({ name: "long" });
  const stubborn = durable("stubborn", () => {
    started.open();
    return pause(1500);
  });
  const working = long.implement((ctx) => ctx.durableExecute(stubborn));
  const worker = await harness.worker({ actions: [working], drainTimeoutMs: 100 });
  await harness.client().enqueue(long, null);
  await started.opened;

  harness.server.pause();
  await worker.close();
  harness.server.resume();

  expect(warnings(worker)).toEqual(["closed-unconfirmed", "fenced"]);
});

test("what a worker warns of in a server is documented", async () => {
  const nothing = defineAction<null, void>({ name: "nothing" }).implement(() => {});
  const args = ["--appendonly", "no", "--maxmemory-policy", "allkeys-lru"];
  await using careless = await startRedis({ args });

  const worker = await harness.worker({ actions: [nothing], connection: careless.url });
  await worker.close();

  expect(warnings(worker)).toEqual(["redis-evicts", "redis-not-persistent"]);
});

test("what a worker warns of that finds no server is documented", async () => {
  const nothing = defineAction<null, void>({ name: "nothing" }).implement(() => {});

  const worker = harness.startWorker({ actions: [nothing], connection: "redis://127.0.0.1:1" });

  await eventually(() => expect(warnings(worker)).toEqual(["redis-not-ready"]));
});

test("what a worker warns of that finds runs without jobs is documented", async () => {
  const nothing = defineAction<null, void>({ name: "nothing" });
  const items = Array.from({ length: 11 }, () => ({ input: null }));
  const runs = await harness.client().enqueueMany(nothing, items);
  const queue = harness.queue();
  await queue.obliterate();

  const worker = await harness.worker({
    actions: [nothing.implement(() => {})],
    stalledIntervalMs: 100,
  });
  await Promise.all(runs.map((run) => run.result()));

  expect(warnings(worker)).toEqual(["job-lost", "more-jobs-lost"]);
});

test("what a worker warns of whose replicas are away is documented", async () => {
  const nothing = defineAction<null, void>({ name: "nothing" });
  const actions = [nothing.implement(() => {})];
  await harness.client().enqueue(nothing, null);

  const worker = await harness.worker({ actions, durability: { replicas: 1 } });

  await eventually(() => expect(warnings(worker)).toEqual(["redis-not-safe-yet"]));
});

test("all documented warnings but eleven were caused here", () => {
  const names = documentedWarnings().map(({ name }) => name);
  const missed = names.filter((name) => !seen.has(name));

  // A busy machine may bring about one more of them.
  expect(NOT_CAUSED_HERE).toEqual(expect.arrayContaining(missed));
});

/** The sections about what a worker warned of, each once; a warning without one is named as it is. */
function warnings({ logs }: TestWorker): string[] {
  const found = logs.filter(({ level }) => level === WARN).map(nameOf);
  for (const name of found) seen.add(name);
  return [...new Set(found)].toSorted();
}

function nameOf({ msg }: LogLine): string {
  const [name, ...others] = warningsLike(msg);
  return name === undefined || others.length > 0 ? `undocumented, or ambiguous: ${msg}` : name;
}
