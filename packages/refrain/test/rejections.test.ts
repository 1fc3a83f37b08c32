import { defineAction, durable } from "refrain";
import { expect, test } from "vitest";
import { Child } from "./support/child.ts";
import { Harness, SHORT_LOCKS } from "./support/harness.ts";

const harness = new Harness();

test("F22 a rejection that nobody handled fails its own run; one of nobody's ends the process as ever", async () => {
  const env = { REDIS: harness.url(), NAMESPACE: harness.namespace };

  const child = new Child(new URL("./support/rejecting-worker.ts", import.meta.url), env);
  const { code, output } = await child.exited;

  const outcomes = output.match(/(?<=outcome: ).*/g);
  expect(outcomes).toEqual([
    "RangeError: stray a",
    "RangeError: stray b",
    "RangeError: stray c",
    "d",
    "e",
    "f",
    "RangeError: left by g",
    "RangeError: left by h",
    "RangeError: left by i",
  ]);
  expect(output).toContain("still here");
  expect(output).toContain("TypeError: nobody's");
  expect(output).toMatch(
    /run [\w-]+ \(strays\): a promise was rejected and nobody handled it: the run fails/,
  );
  expect(code).toBe(1);
}, 90_000);

test("F22 what is thrown where nothing can catch it ends the process as ever, and another one ends the run", async () => {
  const action = defineAction<null, number>({ name: "throws" });
  const run = await harness.client().enqueue(action, null);
  const env = { REDIS: harness.url(), NAMESPACE: harness.namespace };

  const { code, output } = await new Child(
    new URL("./support/throwing-worker.ts", import.meta.url),
    env,
  ).exited;
  const mark = durable("mark", () => -1);
  const hang = durable("hang", () => {});
  await harness.worker({
    ...SHORT_LOCKS,
    actions: [
      action.implement(async (ctx) => {
        const pid = await ctx.durableExecute(mark);
        await ctx.durableExecute(hang);
        return pid;
      }),
    ],
  });

  expect(code).toBe(1);
  expect(output).toContain("RangeError: thrown in a timer");
  // The first process's own: the call that it recorded did not run again.
  expect(await run.result({ timeoutMs: 20_000 })).toBeGreaterThan(0);
}, 90_000);

test("a worker that is told to leave rejections alone leaves them to Node", async () => {
  const env = { REDIS: harness.url(), NAMESPACE: harness.namespace, HANDLE: "no" };

  const child = new Child(new URL("./support/rejecting-worker.ts", import.meta.url), env);
  const { code, output } = await child.exited;

  expect(output).toContain("RangeError: stray");
  expect(output).not.toContain("outcome:");
  expect(code).toBe(1);
}, 90_000);

test("a process listens for rejections only while a worker of its runs", async () => {
  const before = process.listenerCount("unhandledRejection");
  const action = defineAction<null, void>({ name: "a" });

  const first = await harness.worker({ actions: [action.implement(() => {})] });
  const second = await harness.worker({ actions: [action.implement(() => {})] });
  const during = process.listenerCount("unhandledRejection");
  await first.close();
  const still = process.listenerCount("unhandledRejection");
  await second.close();

  expect([during, still]).toEqual([before + 1, before + 1]);
  expect(process.listenerCount("unhandledRejection")).toBe(before);
});
