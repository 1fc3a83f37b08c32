import { type DurableContext, defineAction, durable, LocalRunner } from "@refrain/core";
import { describe, expect, it, vi } from "vitest";

describe("LocalRunner", () => {
  const add = durable("add", (a: number, b: number) => a + b);
  const multiply = durable("multiply", (a: number, b: number) => a * b);

  it("FA-LOC-01: a call with a reconciler runs, and the reconciler is never asked", async () => {
    const reconciler = vi.fn(() => 0);

    const output = await runLocally((ctx) => ctx.durableExecute(add, [5, 10], { reconciler }));

    expect([output, reconciler.mock.calls.length]).toEqual([15, 0]);
  });

  it("FA-LOC-02: the same for an awaited handle", async () => {
    const reconciler = vi.fn(() => 0);

    const output = await runLocally(
      async (ctx) => await ctx.durableExecuteAsync(add, [5, 10], { reconciler }),
    );

    expect([output, reconciler.mock.calls.length]).toEqual([15, 0]);
  });

  it("FA-LOC-03: the reconciler is not passed on to the function", async () => {
    const fn = vi.fn((...args: number[]) => args.length);

    await runLocally((ctx) => ctx.durableExecute(durable("fn", fn), [1], { reconciler: () => 0 }));

    expect(fn.mock.calls).toEqual([[1]]);
  });

  it("FA-LOC-04: one call per input gives each input its own output", async () => {
    const addTen = (ctx: DurableContext, x: number): Promise<number> =>
      ctx.durableExecute(add, [x, 10]);

    const outputs = { alice: await runLocally(addTen, 5), bob: await runLocally(addTen, 15) };

    expect(outputs).toEqual({ alice: 15, bob: 25 });
  });

  it("FA-LOC-05: two calls in a chain", async () => {
    const output = await runLocally(async (ctx) =>
      ctx.durableExecute(multiply, [await ctx.durableExecute(add, [10, 5]), 2]),
    );

    expect(output).toBe(30);
  });

  it("FA-LOC-06: a call, then an awaited handle", async () => {
    const output = await runLocally(
      async (ctx) =>
        await ctx.durableExecuteAsync(multiply, [await ctx.durableExecute(add, [7, 5]), 3]),
    );

    expect(output).toBe(36);
  });

  it("FA-LOC-07: an error that the action catches is its output", async () => {
    const failing = durable("failing", (text: string): string => {
      throw new Error(`Test error: ${text}`);
    });

    const output = await runLocally((ctx) =>
      ctx.durableExecute(failing, ["test"]).catch((error: Error) => `Caught: ${error.message}`),
    );

    expect(output).toBe("Caught: Test error: test");
  });

  it("FA-LOC-08: named arguments travel as one object", async () => {
    const sum = durable("sum", ({ x, y }: { x: number; y: number }) => x + y);

    const output = await runLocally((ctx) => ctx.durableExecute(sum, [{ y: 20, x: 5 }]));

    expect(output).toBe(25);
  });

  it("FA-LOC-09, FA-LOC-10: one action over two keys, with calls and with slow handles", async () => {
    const addOne = durable("add.one", async (x: number) => {
      await new Promise((resolve) => setImmediate(resolve));
      return x + 1;
    });
    const outputs: Record<string, unknown> = {};

    for (const [key, x] of [
      ["bob", 1],
      ["john", 2],
    ] as const) {
      const called = await runLocally((ctx) => ctx.durableExecute(addOne, [x]));
      const awaited = await runLocally(async (ctx) => await ctx.durableExecuteAsync(addOne, [x]));
      outputs[key] = [called, awaited];
    }

    expect(outputs).toEqual({ bob: [2, 2], john: [3, 3] });
  });

  it("FA-DEM-01: without a store nothing is kept: the same input runs anew each time", async () => {
    const fn = vi.fn(() => "ran");

    for (let times = 0; times < 2; times++) {
      await runLocally((ctx) => ctx.durableExecute(durable("fn", fn)));
    }

    expect(fn).toHaveBeenCalledTimes(2);
  });
});

function runLocally<Output>(
  handler: (ctx: DurableContext, input: number) => Output | PromiseLike<Output>,
  input = 0,
): Promise<Output> {
  const action = defineAction<number, Output>({ name: "local" });
  return new LocalRunner({ actions: [action.implement(handler)] }).run(action, input);
}
