import { eventually } from "@refrain/testkit";
import { defineAction, durable, notStarted, OutcomeUnknownError } from "refrain";
import { expect, test } from "vitest";
import { gate, Harness, SHORT_LOCKS, WARN } from "./support/harness.ts";

const harness = new Harness();
const echo = defineAction<string, string>({ name: "echo" });
const echoing = echo.implement((_ctx, text) => text);

test("a worker tells of an attempt from its start to its end", async () => {
  const worker = await harness.worker({ actions: [echoing] });

  const run = await harness.client().enqueue(echo, "x", { runId: "r-1" });
  await run.result();
  await worker.event("settled");

  expect(worker.events).toEqual([
    {
      type: "attempt-started",
      runId: "r-1",
      action: "echo",
      attempt: 1,
      queue: "default",
      recordedCalls: 0,
    },
    { type: "settled", runId: "r-1", action: "echo", attempt: 1, status: "SUCCEEDED" },
  ]);
});

test("what a listener throws harms no run", async () => {
  const worker = await harness.worker({ actions: [echoing] });
  worker.on("attempt-started", () => {
    throw new Error("listener");
  });

  const run = await harness.client().enqueue(echo, "x");

  expect(await run.result()).toBe("x");
  expect(worker.logs.map((line) => line.msg)).toContain(
    "a listener of a worker event threw; runs are not affected",
  );
});

test("an unknown outcome is told with its key, and the run goes on when it is known", async () => {
  let isKnown = false;
  const charge = durable("charge", () => {
    throw new OutcomeUnknownError({ retryAfterMs: 20 });
  });
  const worker = await harness.worker({
    actions: [
      echo.implement((ctx) =>
        ctx.durableExecute(charge, [], {
          reconciler: () => {
            if (!isKnown) throw new OutcomeUnknownError({ retryAfterMs: 20 });
            return "charged" as never;
          },
        }),
      ),
    ],
  });
  const run = await harness.client().enqueue(echo, "x", { runId: "r-1" });

  const told = await worker.event("outcome-unknown", (event) => event.asks === 2);
  isKnown = true;

  expect(await run.result()).toBe("charged");
  expect(told).toMatchObject({ runId: "r-1", slot: 0, functionId: "charge", retryInMs: 20 });
  expect(told.idempotencyKey).toMatch(/^[0-9a-f]{32}$/);
  const warning = worker.logs.find((line) => line.level === WARN);
  expect(warning).toMatchObject({ run: "r-1", action: "echo", attempt: 1, slot: 0 });
  expect(warning?.msg).toContain("Its reconciler is asked again in 20 ms");
});

test("a divergence is announced with the calls it drops", async () => {
  let release = 1;
  const { opened, open } = gate();
  const one = durable("step.one", (n: number) => n);
  const stop = durable("stop", () => opened);
  const worker = await harness.worker({
    drainTimeoutMs: 400,
    actions: [
      echo.implement(async (ctx) => {
        await ctx.durableExecute(one, [release]);
        if (release === 1) await ctx.durableExecute(stop);
        return "done";
      }),
    ],
  });
  const run = await harness.client().enqueue(echo, "x", { runId: "r-1" });
  await eventually(async () => expect((await run.state()).callResults).toHaveLength(1));
  await worker.close();
  release = 2;

  const changed = await harness.worker({
    ...SHORT_LOCKS,
    actions: [
      echo.implement(async (ctx) => {
        await ctx.durableExecute(one, [release]);
        return "done";
      }),
    ],
  });

  expect(await run.result({ timeoutMs: 20_000 })).toBe("done");
  open();
  expect(await changed.event("diverged")).toMatchObject({
    runId: "r-1",
    slot: 0,
    verdict: "cleared",
    dropped: [{ slot: 0, functionId: "step.one", status: "SUCCEEDED" }],
  });
  const warning = changed.logs.find((line) => line.level === WARN);
  expect(warning?.msg).toMatch(/slot 0: the journal holds step\.one.*Dropped: step\.one at slot 0/);
});

test("a handle that was never awaited is announced", async () => {
  const call = durable("unused", () => 1);
  const worker = await harness.worker({
    actions: [
      echo.implement((ctx) => {
        void ctx.durableExecuteAsync(call);
        return "done";
      }),
    ],
  });

  await (await harness.client().enqueue(echo, "x")).result();

  expect(await worker.event("handle-unused")).toMatchObject({ functionId: "unused", attempt: 1 });
});

test("a wait for something that is no durable call is announced once per action", async () => {
  const waiting = defineAction<string, string>({ name: "waiting-outside" });
  const worker = await harness.worker({
    actions: [
      waiting.implement(async (_ctx, text) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return text;
      }),
    ],
  });
  const client = harness.client();

  await (await client.enqueue(waiting, "a")).result();
  await (await client.enqueue(waiting, "b")).result();

  expect(worker.events.filter((event) => event.type === "non-durable-wait")).toHaveLength(1);
});

test("a reconciled call is announced with what its reconciler said", async () => {
  const call = durable("charge", () => {
    throw new OutcomeUnknownError({ retryAfterMs: 1 });
  });
  const worker = await harness.worker({
    actions: [
      echo.implement((ctx) => ctx.durableExecute(call, [], { reconciler: () => "found" as never })),
    ],
  });

  await (await harness.client().enqueue(echo, "x")).result();

  expect(await worker.event("call-reconciled")).toMatchObject({ slot: 0, verdict: "succeeded" });
});

test("a reconciler that knows of nothing has the call run", async () => {
  let tries = 0;
  const call = durable("charge", () => {
    tries += 1;
    if (tries === 1) throw new OutcomeUnknownError({ retryAfterMs: 1 });
    return "charged";
  });
  await harness.worker({
    actions: [
      echo.implement((ctx) => ctx.durableExecute(call, [], { reconciler: () => notStarted() })),
    ],
  });

  expect(await (await harness.client().enqueue(echo, "x")).result()).toBe("charged");
  expect(tries).toBe(2);
});
