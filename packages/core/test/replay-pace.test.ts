import { setImmediate as turn } from "node:timers/promises";
import { type DurableContext, defineAction, durable } from "@refrain/core";
import { expect, test } from "vitest";
import { crash, crashAfter } from "./support/crash-after.ts";
import { Drive } from "./support/drive.ts";
import { gate } from "./support/gate.ts";

const action = defineAction<null, unknown>({ name: "act" });
const echo = durable("echo", async (value: unknown) => value);

async function echoes(ctx: DurableContext, from: number, to: number): Promise<void> {
  for (let value = from; value < to; value += 1) await ctx.durableExecute(echo, [value]);
}

test("calls one after the other are replayed in far fewer turns than calls, and other work has turns meanwhile", async () => {
  const drive = new Drive();
  await drive.create(action);
  await crashAfter(drive, action, (ctx) => echoes(ctx, 0, 2000));
  let turns = 0;
  const ends: unknown[] = [];

  const attempt = await drive.attempt(action.implement((ctx) => echoes(ctx, 0, 2000)));
  void attempt.done.then((end) => ends.push(end));
  while (ends.length === 0) {
    await turn();
    turns += 1;
  }

  expect(turns).toBeGreaterThan(2000 / 128);
  expect(turns).toBeLessThan(1000);
});

/** Two branches on one outcome, one of which takes its time in ticks. */
async function race(ctx: DurableContext, log: string[]): Promise<void> {
  const first = ctx.durableExecute(echo, ["first"]);
  const slow = async (): Promise<void> => {
    await first;
    for (let hop = 0; hop < 20; hop += 1) {
      await new Promise<void>((resolve) => process.nextTick(resolve));
    }
    log.push("slow");
  };
  const quick = async (): Promise<void> => {
    await first;
    await ctx.durableExecute(echo, ["second"]);
    log.push("quick");
  };
  await Promise.all([slow(), quick()]);
}

test("what a branch does in microtasks and ticks on seeing an outcome is over before the next outcome of another", async () => {
  const drive = new Drive();
  const seen: string[][] = [];
  const handler = async (ctx: DurableContext): Promise<void> => {
    const log: string[] = [];
    seen.push(log);
    // Often: a busy machine has no time left in a phase now and then, and each outcome a turn of its own.
    for (let time = 0; time < 20; time += 1) {
      await echoes(ctx, 0, 30);
      await race(ctx, log);
    }
  };
  await drive.create(action);

  await crashAfter(drive, action, handler);
  await (await drive.attempt(action.implement(handler))).done;

  const each = Array.from({ length: 20 }, () => ["slow", "quick"]).flat();
  expect(seen).toEqual([each, each]);
});

test("where a slot is missing, a branch that lets one turn pass keeps it", async () => {
  const drive = new Drive();
  let ran = 0;
  const recorded = gate();
  const slow = durable("slow", async () => {
    for (let turns = 0; turns < 3; turns += 1) await turn();
  });
  const lost = durable("lost", () => {
    return ran === 0 ? new Promise(() => {}) : Promise.resolve();
  });
  const once = durable("once", async () => {
    ran += 1;
  });
  const handler = async (ctx: DurableContext): Promise<void> => {
    await echoes(ctx, 0, 30);
    const one = async (): Promise<void> => {
      await ctx.durableExecute(slow);
      await ctx.durableExecute(once);
      recorded.arrive();
    };
    const other = async (): Promise<void> => {
      await turn();
      await ctx.durableExecute(lost);
    };
    await Promise.all([one(), other()]);
  };
  await drive.create(action);

  const attempt = await drive.attempt(action.implement(handler));
  await recorded.reached;
  for (let turns = 0; turns < 5; turns += 1) await turn();
  attempt.abort(crash);
  const before = await drive.store.read("run-1");
  const end = await (await drive.attempt(action.implement(handler))).done;

  expect(before?.calls.map((call) => call.slot)).toEqual([
    ...Array.from({ length: 31 }, (_, slot) => slot),
    32,
  ]);
  expect(end).toMatchObject({ kind: "settled", status: "SUCCEEDED" });
  expect(ran).toBe(1);
  expect(drive.eventTypes()).not.toContain("diverged");
});
