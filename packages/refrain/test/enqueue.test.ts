import { eventually, FaultProxy } from "@refrain/testkit";
import {
  type Client,
  defineAction,
  RunConflictError,
  type RunHandle,
  typeOnly,
  ValidationError,
} from "refrain";
import { expect, test } from "vitest";
import { z } from "zod";
import { Harness } from "./support/harness.ts";
import { HoldingProxy } from "./support/holding-proxy.ts";
import { scriptKeys } from "./support/script-keys.ts";

const harness = new Harness();
const action = defineAction<{ n: number }, number>({ name: "count", version: "7" });
const other = defineAction<{ n: number }, number>({ name: "other", queue: "elsewhere" });

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
  const keys = await scriptKeys(harness);

  await client.enqueue(action, { n: 1 }, { runId: "r-1" });

  await eventually(() => expect(keys).toEqual(recordAndJob()));
});

test("the very first run of a client has its record before its job, too", async () => {
  const keys = await scriptKeys(harness);

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
