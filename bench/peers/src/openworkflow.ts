import { OpenWorkflow } from "openworkflow";
import { BackendPostgres } from "openworkflow/postgres";
import { CONCURRENCY, freshId, outsideCall, type Peer } from "./peer.ts";

const noop = (): void => {};

/**
 * Its handles poll for results every second, so runs are counted where they end: in the workflow's own last line, a little
 * before the end is stored. Its queue is filled first, as its worker looks for work again at once only while there is some.
 */
export async function openworkflow(databaseUrl: string): Promise<Peer> {
  const backend = await BackendPostgres.connect(databaseUrl, { namespaceId: freshId() });
  const ow = new OpenWorkflow({ backend });
  let onEnd = noop;
  const workflow = ow.defineWorkflow<number, number>({ name: "bench" }, async ({ input, step }) => {
    for (let slot = 0; slot < input; slot++) {
      await step.run({ name: `outside-call-${slot}` }, () => outsideCall(slot));
    }
    onEnd();
    return input;
  });
  const ended = (runs: number): Promise<void> =>
    new Promise((resolve) => {
      let left = runs;
      onEnd = () => {
        left -= 1;
        if (left === 0) resolve();
      };
    });
  return {
    once: async (calls) => {
      const worker = ow.newWorker({ concurrency: CONCURRENCY });
      const done = ended(1);
      await workflow.run(calls);
      await worker.start();
      await done;
      await worker.stop();
    },
    throughputMs: async (runs, calls) => {
      for (let from = 0; from < runs; from += CONCURRENCY) {
        const size = Math.min(CONCURRENCY, runs - from);
        await Promise.all(Array.from({ length: size }, () => workflow.run(calls)));
      }
      const worker = ow.newWorker({ concurrency: CONCURRENCY });
      const done = ended(runs);
      const startedAt = performance.now();
      await worker.start();
      await done;
      const ms = performance.now() - startedAt;
      await worker.stop();
      return ms;
    },
    stop: () => backend.stop(),
  };
}
