import { defineAction, durable } from "@refrain/core";
import { expect, test } from "vitest";
import { Drive } from "./support/drive.ts";
import { gate } from "./support/gate.ts";
import { turns } from "./support/turns.ts";

const action = defineAction<null, unknown>({ name: "act" });

test("waiting for a plain timer is announced once per action", async () => {
  const drive = new Drive();
  const open = gate();
  const implementation = action.implement(async () => {
    await open.passed;
  });
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await open.reached;
  await turns(5);
  open.pass();
  await attempt.done;

  expect(drive.events).toEqual([{ type: "non-durable-wait" }]);
});

test("an action that awaits nothing but durable calls is not told that it waits", async () => {
  const drive = new Drive();
  const slow = durable("slow", async (count: number) => turns(count));
  const implementation = action.implement(async (ctx) => {
    for (const count of [3, 1, 5, 2, 4]) {
      await ctx.durableExecute(slow, [count]);
      await Promise.all([1, 4, 2].map((each) => ctx.durableExecute(slow, [each])));
    }
  });
  await drive.create(action);

  const attempt = await drive.attempt(implementation);
  await attempt.done;

  expect(drive.events).toEqual([]);
});
