import { type Action, createClient, createWorker, defineAction } from "refrain";
import { makeCalls, type Order } from "./order.ts";
import { CONCURRENCY, type System } from "./system.ts";

const bench: Action<Order, number> = defineAction<Order, number>({ name: "bench" });

/** The product as it is used: its client fills the queue, its worker has the default settings. */
export const refrain: System = {
  enqueue: async ({ redisUrl, namespace }, runs, work) => {
    const client = createClient({ connection: redisUrl, namespace });
    const items = Array.from({ length: runs }, (_, index) => {
      const id = `order-${index}`;
      return { input: { id, ...work }, runId: id };
    });
    await client.enqueueMany(bench, items);
    await client.close();
  },

  start: async ({ redisUrl, namespace }, progress) => {
    const worker = createWorker({
      connection: redisUrl,
      namespace,
      concurrency: CONCURRENCY,
      actions: [
        bench.implement((ctx, order) => {
          progress.began();
          return makeCalls(ctx, order);
        }),
      ],
    });
    worker.on("settled", () => progress.ended());
    await worker.ready();
    return () => worker.close();
  },
};
