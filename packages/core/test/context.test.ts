import {
  currentCall,
  type DurableContext,
  defineAction,
  durable,
  LocalRunner,
  typeOnly,
  ValidationError,
} from "@refrain/core";
import { expect, test } from "vitest";
import { z } from "zod";

const action = defineAction<null, unknown>({ name: "act" });
const echo = durable("echo", async (value: unknown) => value);

/** Runs a handler as the action, without durability. */
function run(handler: (ctx: DurableContext) => unknown): Promise<unknown> {
  const implementation = action.implement(handler);
  return new LocalRunner({ actions: [implementation] }).run(action, null);
}

const eager = (ctx: DurableContext): Promise<unknown> => ctx.durableExecute(echo, [1]);
const lazy = (ctx: DurableContext): Promise<unknown> => ctx.durableExecuteAsync(echo, [2]);

test.each([
  ["then", (ctx: DurableContext) => eager(ctx).then((value) => value), 1],
  ["catch", (ctx: DurableContext) => eager(ctx).catch(() => 0), 1],
  ["finally", (ctx: DurableContext) => eager(ctx).finally(() => {}), 1],
  ["all", (ctx: DurableContext) => Promise.all([eager(ctx), lazy(ctx)]), [1, 2]],
  ["race", (ctx: DurableContext) => Promise.race([eager(ctx), lazy(ctx)]), 1],
  ["any", (ctx: DurableContext) => Promise.any([eager(ctx), lazy(ctx)]), 1],
  [
    "allSettled",
    (ctx: DurableContext) => Promise.allSettled([eager(ctx), lazy(ctx)]),
    [1, 2].map((value) => ({ status: "fulfilled", value })),
  ],
] as const)("a durable call works with %s", async (_name, handler, output) => {
  expect(await run(handler)).toEqual(output);
});

test("a handle runs once, however often it is awaited", async () => {
  let ran = 0;
  const count = durable("count", async () => ++ran);

  const output = await run(async (ctx) => {
    const handle = ctx.durableExecuteAsync(count);
    return [await handle, await handle, await Promise.all([handle, handle])];
  });

  expect(output).toEqual([1, 1, [1, 1]]);
  expect(ran).toBe(1);
});

test("gather keeps its bound, keeps input order and never rejects", async () => {
  let running = 0;
  let most = 0;
  const work = durable("work", async (n: number) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    running -= 1;
    if (n === 2) throw new Error("two");
    return n;
  });

  const output = await run(async (ctx) => {
    const handles = [1, 2, 3, 4, 5].map((n) => ctx.durableExecuteAsync(work, [n]));
    const results = await ctx.gather(handles, { concurrency: 2 });
    return results.map((each) => (each.status === "fulfilled" ? each.value : "rejected"));
  });

  expect(output).toEqual([1, "rejected", 3, 4, 5]);
  expect(most).toBe(2);
});

test.each([
  [0, "concurrency must be a whole number above 0, not 0"],
  ["2", "concurrency must be a whole number above 0, not 2"],
])("gather refuses a concurrency of %j", async (concurrency, message) => {
  const failing = run((ctx) => ctx.gather([], { concurrency: concurrency as number }));

  await expect(failing).rejects.toThrow(message);
});

test.each([
  ["an object that inherits from it", (ctx: DurableContext) => Object.create(ctx)],
  ["a proxy of it", (ctx: DurableContext) => new Proxy(ctx, {})],
  ["a copy of it", (ctx: DurableContext) => ({ ...ctx })],
] as const)("all of a context can be had from %s", async (_, wrap) => {
  const seen = await run(async (ctx) => {
    const wrapped: DurableContext = wrap(ctx);
    const value = await wrapped.durableExecute(echo, [5]);
    wrapped.log.info("heard");
    return [wrapped.runId, wrapped.isReplaying, wrapped.signal.aborted, value];
  });

  expect(seen).toEqual([expect.any(String), false, false, 5]);
});

test("the methods of a context may be taken off it", async () => {
  // oxlint-disable-next-line typescript/unbound-method -- that is the point
  const output = await run(async ({ durableExecute, now, uuid, random }) => [
    await durableExecute(echo, ["x"]),
    typeof now(),
    uuid(),
    random(),
  ]);

  expect(output).toEqual([
    "x",
    "number",
    expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    expect.any(Number),
  ]);
});

test("FA-OBS-17 a durable call inside a durable call is refused with both named", async () => {
  const failing = run((ctx) => {
    const outer = durable("outer", () => ctx.durableExecute(echo, [1]));
    return ctx.durableExecute(outer);
  });

  await expect(failing).rejects.toThrow(/slot 0: ctx\.durableExecute was called inside .* outer/);
});

test("a durable call that returns the promise of another is refused", async () => {
  const failing = run((ctx) => {
    const handle = ctx.durableExecuteAsync(echo, [1]);
    return ctx.durableExecute({ id: "outer", call: () => handle });
  });

  await expect(failing).rejects.toThrow(/returned the promise of another one/);
});

test.each(["random", "uuid"] as const)(
  "ctx.%s inside a durable call is refused: on a replay the values behind it would be others",
  async (draw) => {
    const failing = run((ctx) => ctx.durableExecute({ id: "outer", call: () => ctx[draw]() }));

    await expect(failing).rejects.toThrow(`ctx.${draw} was called inside the durable call outer`);
  },
);

test("a context is refused after its action has ended", async () => {
  let leaked: DurableContext | undefined;
  await run((ctx) => {
    leaked = ctx;
  });

  expect(() => leaked?.durableExecute(echo, [1])).toThrow(/called after action act had ended/);
  expect(() => leaked?.durableExecuteAsync(echo, [1])).toThrow(/had ended/);
});

test("currentCall is refused outside a call, and after its first await", async () => {
  const late = durable("late", async () => {
    await Promise.resolve();
    return currentCall().slot;
  });

  expect(() => currentCall()).toThrow(/valid only inside a durable call, before its first await/);
  await expect(run((ctx) => ctx.durableExecute(late))).rejects.toThrow(/before its first await/);
});

test("two functions under one id are refused with both shown", async () => {
  const one = durable("charge", async () => "one");
  const two = durable("charge", async () => "two");

  const failing = run(async (ctx) => {
    await ctx.durableExecute(one);
    await ctx.durableExecute(two);
  });

  await expect(failing).rejects.toThrow(/id "charge" \(.*"one".* and .*"two"/);
});

const call = { id: "x", call: () => 1 };
test.each([
  ["an anonymous function", (ctx: DurableContext) => ctx.durableExecute(async () => 1)],
  ["no function", (ctx: DurableContext) => ctx.durableExecute("charge" as never)],
  ["null", (ctx: DurableContext) => ctx.durableExecute(null as never)],
  ["an id alone", (ctx: DurableContext) => ctx.durableExecute({ functionId: "charge" } as never)],
  ["arguments that are no array", (ctx: DurableContext) => ctx.durableExecute(echo, 1 as never)],
  ["a function as argument", (ctx: DurableContext) => ctx.durableExecute(echo, [() => 1])],
  [
    "an unknown option",
    (ctx: DurableContext) => ctx.durableExecute(echo, [1], { retries: 3 } as never),
  ],
  [
    "an unknown key of { id, call }",
    (ctx: DurableContext) => ctx.durableExecute({ ...call, args: [] } as never),
  ],
  ["a time-out of zero", (ctx: DurableContext) => ctx.durableExecute({ ...call, timeoutMs: 0 })],
  ["an empty id", (ctx: DurableContext) => ctx.durableExecute({ ...call, id: "" })],
])("%s is a TypeError when the call is made", async (_name, handler) => {
  let thrown: unknown;
  await run((ctx) => {
    try {
      void handler(ctx);
    } catch (error) {
      thrown = error;
    }
  });

  expect(thrown).toBeInstanceOf(TypeError);
});

test("input is parsed once and the handler sees what the schema gave; output is parsed as well", async () => {
  const schemed = defineAction({
    name: "schemed",
    input: z.object({ n: z.string().transform(Number), at: z.coerce.date() }),
    output: z.object({ sum: z.number() }),
  });
  const implementation = schemed.implement((_ctx, input) => ({
    sum: input.n + input.at.getTime(),
  }));
  const runner = new LocalRunner({ actions: [implementation] });

  expect(await runner.run(schemed, { n: "5", at: 10 })).toEqual({ sum: 15 });
  await expect(runner.run(schemed, { n: "5", at: "not a date" })).rejects.toMatchObject({
    name: "ValidationError",
    message: expect.stringContaining('input of action "schemed" is not valid: at: '),
  });
});

test("an output that fails its schema fails the run and says so", async () => {
  const schemed = defineAction({ name: "bad", input: typeOnly<null>(), output: z.number() });
  const implementation = schemed.implement(() => "text" as never);

  const failing = new LocalRunner({ actions: [implementation] }).run(schemed, null);

  await expect(failing).rejects.toThrow(/output of action "bad", run .* is not valid/);
});

test.each([
  [{ name: "" }, "name must be 1 to 128 letters"],
  [{ name: "a b" }, 'not "a b"'],
  [{ name: "a", queue: "a:b" }, "queue must be"],
  [{ name: "a", retries: 3 }, 'unknown option "retries"'],
  [{ name: "a", errors: { X: 1 } }, "errors.X must be a class that extends Error"],
])("defineAction refuses %j", (options, message) => {
  expect(() => defineAction(options as never)).toThrow(TypeError);
  expect(() => defineAction(options as never)).toThrow(message);
});

test.each([
  [{ onDivergence: "ignore" }, 'onDivergence must be "clear", "guard" or "fail"'],
  [{ concurrency: 0 }, "concurrency must be a whole number above 0"],
  [{ retention: { succeededMs: -1 } }, "retention is in whole milliseconds above 0"],
  [{ retention: { days: 1 } }, 'unknown option "days"'],
  [{ timeoutMs: 1 }, 'unknown option "timeoutMs"'],
])("implement refuses %j", (options, message) => {
  expect(() => action.implement(() => null, options as never)).toThrow(message);
});

test("an output's ValidationError comes back as its class, with its issues", async () => {
  const schemed = defineAction({ name: "bad", input: typeOnly<null>(), output: z.number() });
  const implementation = schemed.implement(() => "text" as never);

  const failing = new LocalRunner({ actions: [implementation] }).run(schemed, null);

  const thrown = await failing.catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(ValidationError);
  expect(thrown).toMatchObject({ code: "VALIDATION", issues: [{ code: "invalid_type" }] });
});
