import { createClient, createWorker, defineAction, durable } from "refrain";
import { CONCURRENCY, freshId, outsideCall, overLanes, type Peer } from "./peer.ts";

const call = durable("outside-call", outsideCall);

/** @param redisUrl a server with `appendfsync always` */
export async function refrain(redisUrl: string): Promise<Peer> {
  const action = defineAction<number, number>({ name: "bench" });
  const worker = createWorker({
    connection: redisUrl,
    concurrency: CONCURRENCY,
    actions: [
      action.implement(async (ctx, calls) => {
        for (let slot = 0; slot < calls; slot++) await ctx.durableExecute(call, [slot]);
        return calls;
      }),
    ],
  });
  await worker.ready();
  const client = createClient({ connection: redisUrl });
  const once = async (calls: number): Promise<void> => {
    const run = await client.enqueue(action, calls, { runId: freshId() });
    await run.result();
  };
  return {
    once,
    throughputMs: (runs, calls) => overLanes(runs, () => once(calls)),
    stop: async () => {
      await client.close();
      await worker.close();
    },
  };
}
