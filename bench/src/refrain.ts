import { type Action, createClient, createWorker, defineAction } from "refrain";
import type { Work } from "./contenders.ts";
import { makeCalls, type Order } from "./order.ts";
import { CONCURRENCY, type Place, type Progress, type System } from "./system.ts";

export const bench: Action<Order, number> = defineAction<Order, number>({ name: "bench" });

/** The product as it is used: its client fills the queue, its worker has the default settings. */
export const refrain: System = refrainWith({});
/** The same, but that Node is left to deal with rejections which nobody handles. */
export const unowned: System = refrainWith({ handleRejections: false });

function refrainWith(options: { readonly handleRejections?: boolean }): System {
  return { enqueue, start: (place, progress) => start(place, progress, options) };
}

async function enqueue({ redisUrl, namespace }: Place, runs: number, work: Work): Promise<void> {
  const client = createClient({ connection: redisUrl, namespace });
  await client.enqueueMany(
    bench,
    Array.from({ length: runs }, (_, index) => itemOf(index, work)),
  );
  await client.close();
}

async function start(
  { redisUrl, namespace, logger }: Place,
  progress: Progress,
  options: { readonly handleRejections?: boolean },
): Promise<() => Promise<void>> {
  const worker = createWorker({
    connection: redisUrl,
    namespace,
    concurrency: CONCURRENCY,
    ...options,
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
}

/** What `enqueueMany` takes for a run. */
export function itemOf(
  index: number,
  work: Work,
): { readonly input: Order; readonly runId: string } {
  const id = `order-${index}`;
  return { input: { id, ...work }, runId: id };
}
