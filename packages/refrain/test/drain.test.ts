import { currentCall, defineAction, durable } from "refrain";
import { expect, test } from "vitest";
import { gate, Harness } from "./support/harness.ts";

const harness = new Harness();
const action = defineAction<number, string>({ name: "work" });

test("a run whose last call is under way ends with it, here", async () => {
  const started = gate();
  const { opened, open } = gate();
  const last = durable("last", () => {
    started.open();
    return opened.then(() => "done");
  });
  const worker = await harness.worker({
    actions: [action.implement((ctx) => ctx.durableExecute(last))],
  });
  const run = await harness.client().enqueue(action, 1);
  await started.opened;

  const closing = worker.close();
  open();
  await closing;

  expect(await run.status()).toBe("SUCCEEDED");
});

test("a long run is handed back between two calls, and goes on elsewhere from there", async () => {
  const executed: string[] = [];
  const step = durable("step", async (n: number) => {
    executed.push(`${currentCall().attempt}/${n}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
  const actions = [
    action.implement(async (ctx, steps) => {
      for (let n = 0; n < steps; n++) await ctx.durableExecute(step, [n]);
      return `attempt ${ctx.attempt}`;
    }),
  ];
  const first = await harness.worker({ actions });
  const run = await harness.client().enqueue(action, 50, { runId: "r-1" });
  await first.event("attempt-started");

  await first.close();

  const job = await harness.queue().getJob("run-r-1");
  expect(await job?.getState()).toBe("waiting");
  expect([job?.attemptsMade, job?.stalledCounter]).toEqual([0, 0]);
  expect(await run.status()).toBe("QUEUED");
  expect(await first.event("released")).toMatchObject({ runId: "r-1", reason: "drain" });
  await harness.worker({ actions });
  expect(await run.result()).toBe("attempt 2");
  expect(executed).toHaveLength(50);
});

test("what executes a reconcilable call at the end is left to itself, for the time of a lock", async () => {
  const { opened, open } = gate();
  const started = gate();
  let asked = 0;
  const charge = durable("charge", () => {
    started.open();
    return opened.then(() => "charged");
  });
  const actions = [
    action.implement((ctx) =>
      ctx.durableExecute(charge, [], {
        reconciler: () => {
          asked += 1;
          return "found";
        },
      }),
    ),
  ];
  const first = await harness.worker({ actions, drainTimeoutMs: 300, lockDurationMs: 2000 });
  const run = await harness.client().enqueue(action, 1, { runId: "r-1" });
  await started.opened;

  const before = Date.now();
  await first.close();
  const after = Date.now();

  const dueAt = await harness.dueAt("r-1");
  expect(dueAt).toBeGreaterThanOrEqual(before + 2000);
  expect(dueAt).toBeLessThanOrEqual(after + 2000);
  expect(await first.event("fenced")).toMatchObject({ reason: "closed" });
  await harness.worker({ actions });
  expect(asked).toBe(0);
  expect(await run.result({ timeoutMs: 10_000 })).toBe("found");
  open();
});

test("what executes a completion-only call at the end goes on elsewhere at once", async () => {
  const { opened, open } = gate();
  const slow = durable("slow", () => opened);
  const actions = [
    action.implement(async (ctx) => {
      await ctx.durableExecute(slow);
      return `attempt ${ctx.attempt}`;
    }),
  ];
  const first = await harness.worker({ actions, drainTimeoutMs: 300 });
  const run = await harness.client().enqueue(action, 1, { runId: "r-1" });
  await first.event("attempt-started");

  await first.close();

  expect(await (await harness.queue().getJob("run-r-1"))?.getState()).toBe("waiting");
  open();
  await harness.worker({ actions });
  expect(await run.result()).toBe("attempt 2");
});

test("closing is bounded, also while Redis does not answer", async () => {
  const { opened, open } = gate();
  const worker = await harness.worker({
    actions: [action.implement(() => opened.then(() => "done"))],
    drainTimeoutMs: 500,
  });
  await harness.client().enqueue(action, 1);
  await worker.event("attempt-started");
  harness.server.pause();

  const startedAt = performance.now();
  await worker.close();
  const tookMs = performance.now() - startedAt;
  harness.server.resume();

  expect(tookMs).toBeLessThan(6000);
  open();
});

test("closing twice is closing once", async () => {
  const worker = await harness.worker({ actions: [action.implement(() => "done")] });

  expect(worker.close()).toBe(worker.close());
  await worker.close();

  await expect(worker.ready()).rejects.toMatchObject({ code: "NOT_READY" });
});

test("a worker that closes takes no further run", async () => {
  const { opened, open } = gate();
  const worker = await harness.worker({
    actions: [action.implement(() => opened.then(() => "done"))],
  });
  const client = harness.client();
  await client.enqueue(action, 1);
  await worker.event("attempt-started");

  const closing = worker.close();
  const late = await client.enqueue(action, 2, { runId: "late" });
  open();
  await closing;

  expect(await late.status()).toBe("QUEUED");
  expect(await (await harness.queue().getJob("run-late"))?.getState()).toBe("waiting");
});
