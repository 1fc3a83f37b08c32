import { type Action, createClient, createWorker, defineAction } from "refrain";
import type { Work } from "./contenders.ts";
import { makeCalls, type Order } from "./order.ts";
import { CONCURRENCY, type System } from "./system.ts";

export const bench: Action<Order, number> = defineAction<Order, number>({ name: "bench" });

/** The product as it is used: its client fills the queue, its worker has the default settings. */
export const refrain: System = {
  enqueue: async ({ redisUrl, namespace }, runs, work) => {
    const client = createClient({ connection: redisUrl, namespace });
    await client.enqueueMany(
      bench,
      Array.from({ length: runs }, (_, index) => itemOf(index, work)),
    );
    await client.close();
  },

  start: async ({ redisUrl, namespace, logger }, progress) => {
    const worker = createWorker({
      connection: redisUrl,
      namespace,
      concurrency: CONCURRENCY,
      ...(logger === undefined ? {} : { logger }),
      actions: [
        bench.implement((ctx, order) => {
          progress.began();
          const calls = makeCalls(ctx, order);
          const { hold } = progress;
          return hold === undefined ? calls : calls.then((length) => hold.then(() => length));
        }),
      ],
    });
    worker.on("settled", () => progress.ended());
    await worker.ready();
    return () => worker.close();
  },
};

/** What `enqueueMany` takes for a run. */
export function itemOf(
  index: number,
  work: Work,
): { readonly input: Order; readonly runId: string } {
  const id = `order-${index}`;
  return { input: { id, ...work }, runId: id };
}
