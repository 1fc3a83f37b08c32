import { EffectLedger } from "@refrain/testkit";
import {
  type Action,
  type DurableContext,
  defineAction,
  durable,
  OutcomeUnknownError,
} from "refrain";
import { expect, test } from "vitest";
import { crashActionOf } from "./crash/crash-action.ts";
import type { CrashWorkerSettings } from "./crash/crash-worker.ts";
import { Child } from "./support/child.ts";
import { Harness } from "./support/harness.ts";

const harness = new Harness();

const add = durable("add", async (x: number, y: number) => x + y);
const multiply = durable("multiply", async (x: number, y: number) => x * y);
const failing = durable("failing", async (text: string): Promise<string> => {
  throw new Error(`Test error: ${text}`);
});

const unknown = durable("unknown", async (): Promise<string> => {
  throw new OutcomeUnknownError({ retryAfterMs: 10 });
});

/** Runs an action on a worker for every input, all at once, and gives the outputs in the order of the inputs. */
async function outputsOf<Output>(
  inputs: readonly number[],
  handler: (ctx: DurableContext, input: number) => Promise<Output>,
): Promise<Output[]> {
  const action: Action<number, Output> = defineAction({ name: "e2e" });
  await harness.worker({ actions: [action.implement(handler)], concurrency: 20 });
  const runs = await harness.client().enqueueMany(
    action,
    inputs.map((input) => ({ input })),
  );
  return Promise.all(runs.map((run) => run.result({ timeoutMs: 20_000 })));
}

test("FA-E2E-01: handles of three runs give three outputs, and the context is usable after them", async () => {
  const outputs = await outputsOf([1, 2, 3], async (ctx, x) => {
    const sum = await ctx.durableExecuteAsync(add, [x, 1]);
    return { sum, again: await ctx.durableExecute(add, [sum, 1]), isRun: ctx.runId.length > 0 };
  });

  expect(outputs).toEqual([
    { sum: 2, again: 3, isRun: true },
    { sum: 3, again: 4, isRun: true },
    { sum: 4, again: 5, isRun: true },
  ]);
});

test("FA-E2E-02: several handles in one action, results combined", async () => {
  const outputs = await outputsOf([5], async (ctx, x) => {
    const handles = [1, 2, 3].map((y) => ctx.durableExecuteAsync(multiply, [x, y]));
    return (await Promise.all(handles)).reduce((sum, product) => sum + product, 0);
  });

  expect(outputs).toEqual([30]);
});

test("FA-E2E-03: many runs at once give all outputs", async () => {
  const inputs = Array.from({ length: 500 }, (_, x) => x);

  const outputs = await outputsOf(inputs, (ctx, x) => ctx.durableExecute(add, [x, 1]));

  expect(outputs).toEqual(inputs.map((x) => x + 1));
});

test("FA-E2E-05, FA-E2E-06: one durable call", async () => {
  const outputs = await outputsOf([5, 15, 10], (ctx, x) => ctx.durableExecute(add, [x, 10]));

  expect(outputs).toEqual([15, 25, 20]);
});

test("FA-E2E-07: two calls in a chain", async () => {
  const outputs = await outputsOf([5, 15, 10], async (ctx, x) =>
    ctx.durableExecute(multiply, [await ctx.durableExecute(add, [x, 5]), 2]),
  );

  expect(outputs).toEqual([20, 40, 30]);
});

test("FA-E2E-08: a call, then a handle", async () => {
  const outputs = await outputsOf([5, 15, 10], async (ctx, x) => {
    const sum = await ctx.durableExecute(add, [x, 5]);
    return await ctx.durableExecuteAsync(multiply, [sum, 3]);
  });

  expect(outputs).toEqual([30, 60, 45]);
});

test("FA-E2E-09: a handle's error is caught by the action, and its text delivered", async () => {
  const outputs = await outputsOf([1], async (ctx) => {
    try {
      return await ctx.durableExecuteAsync(failing, ["async"]);
    } catch (error) {
      return `Caught: ${(error as Error).message}`;
    }
  });

  expect(outputs).toEqual(["Caught: Test error: async"]);
});

test("FA-E2E-10: a call's error is caught by the action, and its text delivered", async () => {
  const outputs = await outputsOf([1], (ctx) =>
    ctx.durableExecute(failing, ["sync"]).catch((error: Error) => `Caught: ${error.message}`),
  );

  expect(outputs).toEqual(["Caught: Test error: sync"]);
});

test("FA-E2E-11: named arguments travel as one object", async () => {
  const sum = durable("sum", ({ x, y }: { readonly x: number; readonly y: number }) => x + y);

  const outputs = await outputsOf([5, 15, 10], (ctx, x) => ctx.durableExecute(sum, [{ y: 20, x }]));

  expect(outputs).toEqual([25, 35, 30]);
});

test("FA-OP-14: everything a worker reports names the run, the action and the attempt", async () => {
  const action = defineAction<number, number>({ name: "reported" });
  const worker = await harness.worker({
    actions: [action.implement((ctx, x) => ctx.durableExecute(add, [x, 1]))],
  });

  const run = await harness.client().enqueue(action, 1);
  await run.result();
  await worker.event("settled");

  const named = { runId: run.runId, action: "reported", attempt: 1 };
  expect(worker.events).toEqual([
    expect.objectContaining({ type: "attempt-started", ...named }),
    expect.objectContaining({ type: "settled", ...named, status: "SUCCEEDED" }),
  ]);
});

test("FA-CTX-07: start, wait and end of one attempt are reported under one number", async () => {
  const action = defineAction<number, string>({ name: "waiting" });
  const worker = await harness.worker({
    actions: [
      action.implement((ctx) => ctx.durableExecute(unknown, [], { reconciler: () => "recovered" })),
    ],
  });

  const run = await harness.client().enqueue(action, 1);
  await worker.event("settled");

  expect(await run.result()).toBe("recovered");
  expect(worker.events.map(({ type, attempt }) => [type, attempt])).toEqual([
    ["attempt-started", 1],
    ["outcome-unknown", 1],
    ["call-reconciled", 1],
    ["settled", 1],
  ]);
});

test("FA-CTX-11: closing a worker or a client twice is fine", async () => {
  const worker = await harness.worker({
    actions: [defineAction({ name: "idle" }).implement(() => {})],
  });
  const client = harness.client();

  await Promise.all([worker.close(), worker.close(), client.close()]);
  await worker.close();

  await expect(client.close()).resolves.toBeUndefined();
});

test("FA-E2E-13: a worker is killed while a call is open, and another one brings the run to its end", async () => {
  const ledger = new EffectLedger();
  const settings: CrashWorkerSettings = {
    url: harness.url(),
    namespace: harness.namespace,
    ledger: ledger.path,
    actions: [{ name: "killed", program: [["r-first", "r-second"]] }],
  };
  const start = (at: string): Child =>
    new Child(new URL("./crash/crash-worker.ts", import.meta.url), {
      CRASH_WORKER: JSON.stringify(settings),
      REFRAIN_CRASH_AT: at,
    });
  const run = await harness.client().enqueue(crashActionOf("killed"), null);

  const { signal } = await start("r-second.fn.after").exited;
  const survivor = start("");
  const output = await run.result({ timeoutMs: 20_000 });
  survivor.kill("SIGKILL");
  await survivor.exited;

  expect(signal).toBe("SIGKILL");
  const effects = ledger.read().filter(({ kind }) => kind === "effect");
  expect(output).toBe(effects.map((effect) => effect["value"]).join(" "));
  ledger.close();
});
