import { type CommitPort, defineAction, durable, notStarted } from "@refrain/core";
import { expect, test } from "vitest";
import { Drive } from "./support/drive.ts";
import { gate } from "./support/gate.ts";
import { turns } from "./support/turns.ts";

const action = defineAction<null, unknown>({ name: "act" });

/** Holds back every acknowledgement until it is told to let go. */
function holdingPort() {
  const held: (() => void)[] = [];
  let isHolding = false;
  return {
    hold: () => {
      isHolding = true;
    },
    letGo: () => {
      isHolding = false;
      for (const pass of held.splice(0)) pass();
    },
    held,
    wrapPort: (port: CommitPort): CommitPort => ({
      send: async (batch) => {
        const replies = await port.send(batch);
        if (isHolding) {
          await new Promise<void>((resolve) => {
            held.push(resolve);
          });
        }
        return replies;
      },
    }),
  };
}

test("no fn starts before the outcome in front of it is acknowledged, though the action has seen that", async () => {
  const port = holdingPort();
  const drive = new Drive({ wrapPort: port.wrapPort });
  const log: string[] = [];
  const seen = gate();
  const first = durable("first", async () => port.hold());
  const second = durable("second", async () => log.push("second ran"));
  const implementation = action.implement(async (ctx) => {
    await ctx.durableExecute(first);
    log.push("first seen");
    seen.arrive();
    await ctx.durableExecute(second);
  });
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await seen.reached;
  await turns(5);
  const before = [...log];
  port.letGo();
  await attempt.done;

  expect(before).toEqual(["first seen"]);
  expect(log).toEqual(["first seen", "second ran"]);
});

test("a reconcilable fn starts only after its mark is acknowledged", async () => {
  const port = holdingPort();
  const drive = new Drive({ wrapPort: port.wrapPort });
  const log: string[] = [];
  const charge = durable("charge", async () => log.push("ran"));
  const implementation = action.implement((ctx) => {
    port.hold();
    return ctx.durableExecute(charge, [], { reconciler: () => notStarted() });
  });
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await turns(5);
  const before = [...log];
  port.letGo();
  await attempt.done;

  expect(before).toEqual([]);
  expect(log).toEqual(["ran"]);
});

test("finalize of a call rides with append of the next, and the last outcome with the settlement", async () => {
  const batches: string[][] = [];
  const wrapPort = (port: CommitPort): CommitPort => ({
    send: (batch) => {
      batches.push(
        batch.flatMap((group) =>
          group.kind === "claim" ? ["claim"] : group.entries.map(({ op }) => op),
        ),
      );
      return port.send(batch);
    },
  });
  const drive = new Drive({ wrapPort });
  const step = durable("step", async (n: number) => n);
  const implementation = action.implement(async (ctx) => {
    const options = { reconciler: () => notStarted() };
    await ctx.durableExecute(step, [1], options);
    await ctx.durableExecute(step, [2], options);
  });
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await attempt.done;

  expect(batches).toEqual([["claim"], ["append"], ["finalize", "append"], ["finalize", "settle"]]);
});

test("F23 a call that is marked as started when a release comes is run and recorded: nobody has to ask about it", async () => {
  const sent = gate();
  const drive = new Drive({
    wrapPort: (port) => ({
      send: async (batch) => {
        if (batch.some((group) => group.kind === "write")) await sent.passed;
        return port.send(batch);
      },
    }),
  });
  const started: string[] = [];
  const first = durable("first", async () => started.push("first"));
  const second = durable("second", async () => started.push("second"));
  const implementation = action.implement(async (ctx) => {
    await ctx.durableExecute(first, [], { reconciler: notStarted });
    await ctx.durableExecute(second, [], { reconciler: notStarted });
  });
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await sent.reached;
  attempt.release();
  await turns(20);
  sent.pass();
  const end = await attempt.done;

  expect(end.kind).toBe("released");
  expect(started).toEqual(["first"]);
  const state = await drive.store.read("run-1");
  expect(state?.calls.map((call) => call.status)).toEqual(["SUCCEEDED"]);
});
