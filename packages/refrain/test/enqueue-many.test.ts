import { eventually, FaultProxy } from "@refrain/testkit";
import { defineAction, EnqueueManyError, typeOnly, ValidationError } from "refrain";
import { expect, test } from "vitest";
import { z } from "zod";
import { Harness } from "./support/harness.ts";
import { HoldingProxy } from "./support/holding-proxy.ts";
import { scriptKeys } from "./support/script-keys.ts";

const harness = new Harness();
const action = defineAction<{ n: number }, number>({ name: "count", version: "7" });
const other = defineAction<{ n: number }, number>({ name: "other", queue: "elsewhere" });

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
  const scripts = await scriptKeys(harness);

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

const schemed = defineAction({
  name: "schemed",
  input: z.object({ at: z.coerce.date() }),
  output: typeOnly<null>(),
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
