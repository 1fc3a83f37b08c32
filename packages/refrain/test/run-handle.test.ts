import { eventually } from "@refrain/testkit";
import {
  defineAction,
  durable,
  notStarted,
  RunNotFoundError,
  TerminalError,
  TimeoutError,
} from "refrain";
import { expect, test } from "vitest";
import { gate, Harness } from "./support/harness.ts";

const harness = new Harness();

class CardDeclined extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super("the card was declined");
    this.reason = reason;
  }
}
class OutOfStock extends Error {
  override readonly name = "OutOfStock";
}

const add = defineAction<{ a: number; b: number }, number>({ name: "add" });
const adding = add.implement((_ctx, { a, b }) => a + b);
const pay = defineAction<string, void>({ name: "pay", errors: { CardDeclined } });
const paying = pay.implement((_ctx, how) => {
  if (how === "card") throw new CardDeclined("no funds");
  if (how === "stock") throw new OutOfStock("gone");
  throw new TerminalError("never");
});

test("a result is what the action returned", async () => {
  await harness.worker({ actions: [adding] });

  const run = await harness.client().enqueue(add, { a: 2, b: 3 });

  expect(await run.result()).toBe(5);
  expect(await run.status()).toBe("SUCCEEDED");
});

test("a result can be asked for by anyone, as long as the run is kept", async () => {
  await harness.worker({ actions: [adding] });
  const { runId } = await harness.client().enqueue(add, { a: 2, b: 3 });

  const byAction = harness.client().run(add, runId);
  const byId = harness.client().run(runId);

  expect(await byAction.result()).toBe(5);
  expect(await byId.result()).toBe(5);
  expect([byAction.created, byId.created]).toEqual([false, false]);
});

test("a failed run rejects with its error, as an instance of its class", async () => {
  await harness.worker({ actions: [paying], errors: { OutOfStock } });
  const client = harness.client({ errors: { OutOfStock } });

  const outcomeOf = async (how: string): Promise<unknown> => {
    const run = await client.enqueue(pay, how);
    return run.result().catch((error: unknown) => error);
  };

  const declined = await outcomeOf("card");
  expect(declined).toBeInstanceOf(CardDeclined);
  expect(declined).toMatchObject({ reason: "no funds", message: "the card was declined" });
  expect(await outcomeOf("stock")).toBeInstanceOf(OutOfStock);
  expect(await outcomeOf("other")).toBeInstanceOf(TerminalError);
});

test("without its class, the error keeps its name, message and fields", async () => {
  await harness.worker({ actions: [paying] });
  const { runId } = await harness.client().enqueue(pay, "card");

  const failed = harness.client().run(runId).result();

  await expect(failed).rejects.toMatchObject({ name: "CardDeclined", reason: "no funds" });
});

test("a wait that is over before its run names the run, which goes on", async () => {
  const { opened, open } = gate();
  await harness.worker({ actions: [add.implement(() => opened.then(() => 1))] });
  const run = await harness.client().enqueue(add, { a: 1, b: 1 }, { runId: "r-1" });

  await expect(run.result({ timeoutMs: 50 })).rejects.toThrow(TimeoutError);
  await expect(run.result({ timeoutMs: 1 })).rejects.toThrow(/run r-1 was not settled within 1 ms/);
  open();

  expect(await run.result()).toBe(1);
});

test("a wait ends when its signal aborts", async () => {
  const run = await harness.client().enqueue(add, { a: 1, b: 1 });
  const controller = new AbortController();

  const waiting = run.result({ signal: controller.signal });
  controller.abort(new Error("enough"));

  await expect(waiting).rejects.toThrow("enough");
  await expect(run.result({ signal: controller.signal })).rejects.toThrow("enough");
});

test("a run that is not there is said not to be there", async () => {
  const run = harness.client().run(add, "nobody");

  await expect(run.result()).rejects.toThrow(RunNotFoundError);
  await expect(run.status()).rejects.toThrow(/there is no run nobody/);
  await expect(run.state()).rejects.toThrow(RunNotFoundError);
});

test("who waits is woken when the run settles, long before the next look", async () => {
  const { opened, open } = gate();
  await harness.worker({ actions: [add.implement(() => opened.then(() => 1))] });
  const client = harness.client();
  const run = await client.enqueue(add, { a: 1, b: 1 });
  let settledAt = 0;
  const waiting = run.result().then(() => {
    settledAt = performance.now();
  });
  const redis = harness.redis();
  await eventually(async () => {
    const [, listeners] = (await redis.pubsub("NUMSUB", `${harness.prefix()}:settled`)) as [
      string,
      number,
    ];
    expect(listeners).toBe(1);
  });

  const openedAt = performance.now();
  open();
  await waiting;

  expect(settledAt - openedAt).toBeLessThan(500);
});

test("a state shows the calls of a run, with their status", async () => {
  const { opened, open } = gate();
  const slow = durable("slow", () => opened);
  const fast = durable("fast", (n: number) => n);
  const worker = await harness.worker({
    actions: [
      add.implement(async (ctx, { a, b }) => {
        await ctx.durableExecute(fast, [a]);
        await ctx.durableExecute(slow, [], { reconciler: () => notStarted() });
        return b;
      }),
    ],
  });
  const run = await harness.client().enqueue(add, { a: 1, b: 2 });
  await worker.event("attempt-started");

  await eventually(async () => {
    expect(await run.state()).toMatchObject({
      status: "RUNNING",
      callResults: [
        { slot: 0, functionId: "fast", status: "SUCCEEDED" },
        { slot: 1, functionId: "slow", status: "PENDING" },
      ],
    });
  });
  open();
  await run.result();

  expect(await run.state()).toEqual({ runId: run.runId, status: "SUCCEEDED", callResults: [] });
});

test.each([[{ timeoutMs: -1 }], [{ timeoutMs: Number.NaN }], [{ timeout: 5 }]])(
  "result refuses the options %j",
  async (options) => {
    const run = harness.client().run(add, "r-1");

    await expect(run.result(options as never)).rejects.toThrow(TypeError);
  },
);
