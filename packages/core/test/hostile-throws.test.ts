import { type DurableContext, defineAction, durable, OutcomeUnknownError } from "@refrain/core";
import { expect, test } from "vitest";
import { Drive } from "./support/drive.ts";

const action = defineAction<null, unknown>({ name: "act" });
const retry = { attempts: 2, backoff: { initialMs: 1 } };

/** Throws at whoever asks what it is. */
function hostile(): object {
  const fail = (): never => {
    throw new Error("trap");
  };
  return new Proxy({}, { getPrototypeOf: fail, get: fail });
}

const throwsHostile = durable("throws.hostile", async () => {
  throw hostile();
});
const caught = (error: unknown): string => `caught ${String(error)}`;
const nothing = "caught Error: an object was thrown, which is not an Error";

test.for<[string, (ctx: DurableContext) => Promise<unknown>, string]>([
  ["a call", (ctx) => ctx.durableExecute(throwsHostile), nothing],
  [
    "a reconcilable call",
    (ctx) => ctx.durableExecute(throwsHostile, [], { reconciler: throwsHostile.fn }),
    nothing,
  ],
  ["a call with retries", (ctx) => ctx.durableExecute(throwsHostile, [], { retry }), nothing],
  [
    "a reconciler",
    (ctx) =>
      ctx.durableExecute({
        id: "unknown",
        call: () => {
          throw new OutcomeUnknownError({ retryAfterMs: 0 });
        },
        reconciler: throwsHostile.fn,
      }),
    nothing,
  ],
])(
  "F26 what %s throws reaches the action, though nobody may look at it",
  async ([, call, seen]) => {
    const drive = new Drive();
    await drive.create(action);

    const attempt = await drive.attempt(action.implement((ctx) => call(ctx).catch(caught)));

    expect(await attempt.done).toEqual({ kind: "settled", status: "SUCCEEDED" });
    expect(await drive.outcome()).toBe(seen);
  },
);

test("a nonRetryable that throws ends the call, and says so with the failure as its cause", async () => {
  const drive = new Drive();
  let tries = 0;
  const charge = durable("charge", async () => {
    tries += 1;
    throw new Error("declined");
  });
  const nonRetryable = (error: unknown): boolean => (error as { status: number[] }).status[0] === 4;
  await drive.create(action);

  const attempt = await drive.attempt(
    action.implement((ctx) =>
      ctx.durableExecute(charge, [], { retry: { ...retry, nonRetryable } }),
    ),
  );

  expect(await attempt.done).toEqual({ kind: "settled", status: "FAILED" });
  expect(tries).toBe(1);
  expect(await drive.outcome()).toMatchObject({
    name: "TypeError",
    message: expect.stringMatching(
      /^charge failed, and its retry\.nonRetryable threw: .*undefined/,
    ),
    cause: { error: { message: "declined" } },
  });
});

class Unreadable extends Error {
  override get cause(): unknown {
    throw new Error("trap");
  }
}

test.for<[string, () => unknown]>([
  ["a proxy", hostile],
  [
    "an AggregateError whose errors are none",
    () => Object.assign(new AggregateError([]), { errors: 3 }),
  ],
  ["an error whose cause cannot be read", () => new Unreadable("x")],
  [
    "errors that contain themselves many times over",
    () => {
      const error = new AggregateError([], "x");
      error.errors = Array.from({ length: 12 }, () => error);
      return error;
    },
  ],
])("F26 a run fails with whatever its action throws: %s", async ([, make]) => {
  const drive = new Drive();
  await drive.create(action);

  const attempt = await drive.attempt(
    action.implement(() => {
      throw make();
    }),
  );

  expect(await attempt.done).toEqual({ kind: "settled", status: "FAILED" });
});

test("an observer that throws changes nothing", async () => {
  const drive = new Drive();
  const charge = durable("charge", async (): Promise<string> => {
    throw new OutcomeUnknownError({ retryAfterMs: 0 });
  });
  await drive.create(action);

  const attempt = await drive.attempt(
    action.implement((ctx) => ctx.durableExecute(charge, [], { reconciler: () => "booked" })),
    {
      observer: () => {
        throw new Error("the logger cannot print this");
      },
    },
  );

  expect(await attempt.done).toEqual({ kind: "settled", status: "SUCCEEDED" });
  expect(await drive.outcome()).toBe("booked");
});

test("one error object that two calls throw still tells which of them the run failed with", async () => {
  const drive = new Drive();
  const shared = new Error("out of stock");
  const reserve = durable("reserve", async (_sku: string) => {
    throw shared;
  });
  await drive.create(action);

  const attempt = await drive.attempt(
    action.implement(async (ctx) => {
      const both = ["a", "b"].map((sku) => ctx.durableExecute(reserve, [sku]));
      const [first] = await Promise.allSettled(both);
      throw (first as PromiseRejectedResult).reason;
    }),
  );
  await attempt.done;

  expect((await drive.store.read("run-1"))?.outcome).toMatchObject({ failedSlot: 0 });
});
