import { defineAction, durable } from "refrain";
import { expect, test } from "vitest";
import { gate, Harness } from "./support/harness.ts";

const harness = new Harness();
const echo = defineAction<string, string>({ name: "echo" });
const echoing = echo.implement((_ctx, text) => text);
const image = defineAction<number, number>({ name: "image", queue: "cpu" });

/** The highest number of runs that were under way at once. */
class Gauge {
  highest = 0;
  #now = 0;

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#now += 1;
    this.highest = Math.max(this.highest, this.#now);
    try {
      return await work();
    } finally {
      this.#now -= 1;
    }
  }
}

const breath = durable("breath", () => new Promise<void>((resolve) => setTimeout(resolve, 10)));

test("one worker takes several actions from several queues and shards", async () => {
  await harness.worker({ actions: [echoing, image.implement((_ctx, n) => n + 1)], shards: 3 });
  const client = harness.client({ shards: 3 });

  const letters = ["a", "b", "c", "d", "e", "f"];
  const echoes = await client.enqueueMany(
    echo,
    letters.map((input) => ({ input })),
  );
  const images = await client.enqueueMany(
    image,
    [1, 2, 3, 4].map((input) => ({ input })),
  );

  expect(await Promise.all(echoes.map((run) => run.result()))).toEqual(letters);
  expect(await Promise.all(images.map((run) => run.result()))).toEqual([2, 3, 4, 5]);
});

test("no more runs are under way than the worker's concurrency, over all its queues", async () => {
  const gauge = new Gauge();
  const actions = ["q1", "q2", "q3"].map((queue) =>
    defineAction<number, void>({ name: queue, queue }),
  );
  await harness.worker({
    concurrency: 2,
    actions: actions.map((action) =>
      action.implement((ctx) => gauge.during(() => ctx.durableExecute(breath))),
    ),
  });

  const handles = await harness
    .client()
    .enqueueMany(actions.flatMap((action) => [1, 2, 3, 4, 5].map((input) => ({ action, input }))));
  await Promise.all(handles.map((run) => run.result()));

  expect(gauge.highest).toBe(2);
});

test("an action's own bound holds its runs back, and the others pass them", async () => {
  const gauge = new Gauge();
  const { opened, open } = gate();
  const bounded = defineAction<number, void>({ name: "bounded" });
  const actions = [
    bounded.implement(() => gauge.during(() => opened), { concurrency: 1 }),
    echoing,
  ];
  await harness.worker({ concurrency: 4, actions });
  const client = harness.client();

  const held = await client.enqueueMany(
    bounded,
    Array.from({ length: 8 }, (_, input) => ({ input })),
  );
  const passing = await client.enqueue(echo, "hello");

  expect(await passing.result({ timeoutMs: 10_000 })).toBe("hello");
  open();
  await Promise.all(held.map((run) => run.result()));
  expect(gauge.highest).toBe(1);
});
