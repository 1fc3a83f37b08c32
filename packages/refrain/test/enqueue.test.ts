import { eventually, FaultProxy } from "@refrain/testkit";
import {
  type Client,
  defineAction,
  EnqueueManyError,
  RunConflictError,
  type RunHandle,
  typeOnly,
  ValidationError,
} from "refrain";
import { expect, test } from "vitest";
import { z } from "zod";
import { Harness } from "./support/harness.ts";
import { HoldingProxy } from "./support/holding-proxy.ts";

const harness = new Harness();
const action = defineAction<{ n: number }, number>({ name: "count", version: "7" });
const other = defineAction<{ n: number }, number>({ name: "other", queue: "elsewhere" });

/** The scripts that reach the server, by their keys. */
async function scriptKeys(): Promise<string[][]> {
  const scripts: string[][] = [];
  const monitor = await harness.redis().monitor();
  harness.defer(async () => monitor.disconnect());
  monitor.on("monitor", (_time: string, [command = "", , count, ...operands]: string[]) => {
    if (/^eval/i.test(command)) scripts.push(operands.slice(0, Number(count)));
  });
  return scripts;
}

/** One run's record, then its job. */
function recordAndJob(): unknown[] {
  const prefix = harness.prefix();
  return [`${prefix}:run:r-1`, `${prefix}:default:wait`].map((key) =>
    expect.arrayContaining([key]),
  );
}

test("the record of a run reaches Redis before its job does", async () => {
  const client = harness.client();
  await client.enqueue(action, { n: 0 });
  const keys = await scriptKeys();

  await client.enqueue(action, { n: 1 }, { runId: "r-1" });

  await eventually(() => expect(keys).toEqual(recordAndJob()));
});

test("the very first run of a client has its record before its job, too", async () => {
  const keys = await scriptKeys();

  await harness.client().enqueue(action, { n: 1 }, { runId: "r-1" });

  await eventually(() => expect(keys.slice(-2)).toEqual(recordAndJob()));
});

test("a run and its job are sent in one round trip", async () => {
  const proxy = await HoldingProxy.start(harness.server.port);
  harness.defer(() => proxy.close());
  const client = harness.client({ connection: harness.url(proxy.port) });
  await client.enqueue(action, { n: 0 });
  proxy.hold();

  const enqueuing = client.enqueue(action, { n: 1 }, { runId: "r-1" });

  await proxy.sent(":run:r-1");
  await proxy.sent(":default:wait");
  proxy.release();
  expect((await enqueuing).created).toBe(true);
});

test("500 runs and their jobs are sent in one round trip", async () => {
  const proxy = await HoldingProxy.start(harness.server.port);
  harness.defer(() => proxy.close());
  const client = harness.client({ connection: harness.url(proxy.port) });
  await client.enqueue(action, { n: 0 });
  proxy.hold();

  const items = Array.from({ length: 501 }, (_, n) => ({ input: { n }, runId: `r-${n}` }));
  const enqueuing = client.enqueueMany(action, items);

  await proxy.sent("run-r-499");
  expect(proxy.has("r-500")).toBe(false);
  proxy.release();
  const handles = await enqueuing;
  expect(handles.filter((handle) => handle.created)).toHaveLength(501);
});

test("1000 runs are 20 scripts, and one more for each job, every record before its job", async () => {
  const client = harness.client();
  await client.enqueue(action, { n: 0 });
  const scripts = await scriptKeys();

  const items = Array.from({ length: 1000 }, (_, n) => ({ input: { n }, runId: `r-${n}` }));
  await client.enqueueMany(action, items);
  await client.enqueue(action, { n: 0 }, { runId: "last" });

  const isCreate = (keys: readonly string[]) => keys[0] === `${harness.prefix()}:live`;
  await eventually(() => expect(scripts).toHaveLength(20 + 1000 + 2));
  const counts = scripts.map((keys) => (isCreate(keys) ? (keys.length - 2) / 2 : -1)).slice(0, -2);
  expect(counts.filter((count) => count > 0)).toEqual(Array.from({ length: 20 }, () => 50));
  let ahead = 0;
  for (const count of counts) {
    ahead += count;
    expect(ahead).toBeGreaterThanOrEqual(0);
  }
  expect(ahead).toBe(0);
});

test("a job says for whom it is, and nothing a run needs besides", async () => {
  await harness.client().enqueue(action, { n: 1 }, { runId: "a:b", delayMs: 60_000, priority: 3 });

  const job = await harness.queue().getJob("run-a~3ab");
  expect(job).toMatchObject({
    name: "count",
    data: { runId: "a:b", action: "count", version: "7", incarnation: 0, preview: "{n: 1}" },
    delay: 60_000,
    priority: 3,
  });
  expect(job?.opts.attempts).toBeGreaterThan(1e15);
});

test("the events of a queue are bounded", async () => {
  await harness.client().enqueue(action, { n: 1 });

  const kept = await harness.redis().hget(`${harness.prefix()}:default:meta`, "opts.maxLenEvents");
  expect(kept).toBe("1000");
});

test("the same id and input give the same run, and one job", async () => {
  const client = harness.client();

  const first = await client.enqueue(action, { n: 1 }, { runId: "r-1" });
  const second = await client.enqueue(action, { n: 1 }, { runId: "r-1" });

  expect([first.created, second.created]).toEqual([true, false]);
  expect(await harness.queue().getJobCountByTypes("wait")).toBe(1);
});

test("100 clients that enqueue one run at once start it once", async () => {
  const clients = Array.from({ length: 10 }, () => harness.client());
  const enqueueTen = (client: Client): Promise<RunHandle<number>>[] =>
    Array.from({ length: 10 }, () => client.enqueue(action, { n: 1 }, { runId: "r-1" }));

  const handles = await Promise.all(clients.flatMap(enqueueTen));

  expect(handles.filter((handle) => handle.created)).toHaveLength(1);
  expect(await harness.queue().getJobCountByTypes("wait")).toBe(1);
});

test("another input or another action under the same id is a conflict", async () => {
  const client = harness.client();
  await client.enqueue(action, { n: 1 }, { runId: "r-1" });

  const otherInput = () => client.enqueue(action, { n: 2 }, { runId: "r-1" });
  const otherAction = () => client.enqueue(other, { n: 1 }, { runId: "r-1" });

  await expect(otherInput()).rejects.toThrow(RunConflictError);
  await expect(otherInput()).rejects.toThrow(/run r-1 exists already, with another input/);
  await expect(otherAction()).rejects.toThrow(/run r-1 exists already, of action "count"/);
});

test("a run without an id of its own gets one that is kept when its reply is lost", async () => {
  const proxy = await FaultProxy.start({ port: harness.server.port });
  harness.defer(() => proxy.close());
  const client = harness.client({ connection: harness.url(proxy.port) });
  await client.enqueue(action, { n: 0 });

  proxy.cutAfter("n: 1");
  const run = await client.enqueue(action, { n: 1 });

  expect(proxy.cuts).toBe(1);
  expect(run.created).toBe(true);
  expect(await run.status()).toBe("QUEUED");
  expect(await harness.queue().getJobCountByTypes("wait")).toBe(2);
});

const schemed = defineAction({
  name: "schemed",
  input: z.object({ at: z.coerce.date(), n: z.number().default(5) }),
  output: typeOnly<{ at: Date; n: number }>(),
});

test("an input is parsed once, and the run gets what its schema gave", async () => {
  await harness.worker({ actions: [schemed.implement((_ctx, input) => input)] });

  const run = await harness.client().enqueue(schemed, { at: "2026-01-02" });

  expect(await run.result()).toEqual({ at: new Date("2026-01-02"), n: 5 });
});

test("an input that its schema refuses is not sent", async () => {
  const client = harness.client();

  const refused = client.enqueue(schemed, { at: "never" }, { runId: "r-1" });

  await expect(refused).rejects.toThrow(ValidationError);
  await expect(client.run("r-1").status()).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
});

test.each([
  [{ delayMs: -1 }, /delayMs/],
  [{ delayMs: 1.5 }, /delayMs/],
  [{ priority: 0 }, /priority/],
  [{ priority: 2_097_152 }, /priority/],
  [{ runId: "" }, /runId/],
  [{ key: "k" }, /unknown option "key"/],
])("the options %j are refused", async (options, message) => {
  const refused = harness.client().enqueue(action, { n: 1 }, options as never);

  await expect(refused).rejects.toThrow(TypeError);
  await expect(refused).rejects.toThrow(message);
});

test("a run whose queue has the name of a key of ours is refused", async () => {
  const live = defineAction<null, void>({ name: "a", queue: "live" });

  await expect(harness.client().enqueue(live, null)).rejects.toThrow(/cannot be named "live"/);
});

test("many runs of several actions go to their queues, in one call", async () => {
  const client = harness.client();

  const handles = await client.enqueueMany([
    { action, input: { n: 1 }, runId: "r-1" },
    { action: other, input: { n: 2 }, runId: "r-2" },
  ]);

  expect(handles.map((handle) => handle.runId)).toEqual(["r-1", "r-2"]);
  expect(await harness.queue().getJobCountByTypes("wait")).toBe(1);
  expect(await harness.queue("elsewhere").getJobCountByTypes("wait")).toBe(1);
});

test("nothing is sent before every item is known to be good", async () => {
  const client = harness.client();

  const refused = client.enqueueMany(schemed, [
    { input: { at: 1 }, runId: "good" },
    { input: { at: "never" }, runId: "bad" },
  ]);

  await expect(refused).rejects.toThrow(ValidationError);
  await expect(refused).rejects.toThrow(/item 1: /);
  await expect(client.run("good").status()).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
});

test("conflicts do not stop the others, and are told at the end", async () => {
  const client = harness.client();
  await client.enqueue(action, { n: 1 }, { runId: "r-1" });
  await client.enqueue(action, { n: 0 }, { runId: "r-0" });

  const error = await client
    .enqueueMany(action, [
      { input: { n: 0 }, runId: "r-0" },
      { input: { n: 99 }, runId: "r-1" },
      { input: { n: 2 }, runId: "r-2" },
    ])
    .catch((thrown: unknown) => thrown);

  if (!(error instanceof EnqueueManyError)) throw new Error("an EnqueueManyError was expected");
  expect(error.errors).toMatchObject([{ index: 1, error: { code: "RUN_CONFLICT" } }]);
  expect(error.created.map((handle) => [handle.runId, handle.created])).toEqual([
    ["r-0", false],
    ["r-2", true],
  ]);
  expect(await client.run("r-2").status()).toBe("QUEUED");
});

test("jobs that cannot be added are told with their runs, and keep no others from being added", async () => {
  await harness.redis().set(`${harness.prefix()}:elsewhere:wait`, "not a list");
  const definitions = [action, other, action, other];

  const error = await harness
    .client()
    .enqueueMany(definitions.map((each, n) => ({ action: each, input: { n }, runId: `r-${n}` })))
    .catch((thrown: unknown) => thrown);

  if (!(error instanceof EnqueueManyError)) throw new Error("an EnqueueManyError was expected");
  const message = expect.stringContaining("was created, but its job was not added");
  expect(error.errors).toMatchObject([
    { index: 1, error: { code: "ENQUEUE", message } },
    { index: 3, error: { code: "ENQUEUE", message } },
  ]);
  expect(error.created.map(({ runId }) => runId)).toEqual(["r-0", "r-2"]);
  expect(await harness.queue().getJobCountByTypes("wait")).toBe(2);
});

test("many runs whose replies are lost half-way are all there, each with one job", async () => {
  const proxy = await FaultProxy.start({ port: harness.server.port });
  harness.defer(() => proxy.close());
  const client = harness.client({ connection: harness.url(proxy.port) });
  await client.enqueue(action, { n: 0 }, { runId: "first", delayMs: 60_000 });

  proxy.cutAfter("run-r-150");
  const items = Array.from({ length: 300 }, (_, n) => ({ input: { n }, runId: `r-${n}` }));
  const runs = await client.enqueueMany(action, items);

  expect(proxy.cuts).toBe(1);
  expect(runs.map(({ runId, created }) => [runId, created])).toEqual(
    items.map(({ runId }) => [runId, true]),
  );
  expect(await harness.queue().getJobCountByTypes("wait")).toBe(300);
});

test("an empty list is nothing to do", async () => {
  expect(await harness.client().enqueueMany(action, [])).toEqual([]);
});

test("runs spread over shards, each with its job in its own shard", async () => {
  const client = harness.client({ shards: 4 });

  const handles = await client.enqueueMany(
    action,
    Array.from({ length: 40 }, (_, n) => ({ input: { n } })),
  );

  const redis = harness.redis();
  const counts = await Promise.all(
    [0, 1, 2, 3].map(async (shard) => {
      const prefix = harness.prefix(shard);
      return [await redis.zcard(`${prefix}:live`), await redis.llen(`${prefix}:default:wait`)];
    }),
  );
  expect(counts.every(([live, waiting]) => live === waiting && Number(live) > 0)).toBe(true);
  expect(await Promise.all(handles.map((handle) => handle.status()))).not.toContain("FAILED");
});
