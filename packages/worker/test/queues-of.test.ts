import { defineAction, implementationOf } from "@refrain/core";
import { expect, test } from "vitest";
import { queuesOf } from "../src/queues-of.ts";

function action(name: string, queue: string, concurrency?: number) {
  const options = concurrency === undefined ? {} : { concurrency };
  return implementationOf(defineAction({ name, queue }).implement(() => undefined, options));
}

test("a worker takes the queues of its actions, each once", () => {
  const plans = queuesOf([action("a", "default"), action("b", "cpu"), action("c", "default")], {
    concurrency: 5,
  });

  expect(plans).toEqual([
    { queue: "default", concurrency: 5 },
    { queue: "cpu", concurrency: 5 },
  ]);
});

test("a queue whose actions are all bounded is not asked for more than they take", () => {
  const plans = queuesOf([action("a", "cpu", 2), action("b", "cpu", 1)], { concurrency: 50 });

  expect(plans).toEqual([{ queue: "cpu", concurrency: 3 }]);
});

test("one action without a bound takes what the worker has", () => {
  const plans = queuesOf([action("a", "cpu", 2), action("b", "cpu")], { concurrency: 50 });

  expect(plans).toEqual([{ queue: "cpu", concurrency: 50 }]);
});

test("named queues are taken instead, with or without actions here", () => {
  const options = { queues: ["cpu", "gpu"], concurrency: 4 };

  expect(queuesOf([action("a", "default"), action("b", "cpu", 1)], options)).toEqual([
    { queue: "cpu", concurrency: 1 },
    { queue: "gpu", concurrency: 4 },
  ]);
});
