import { addJobs, startBullWorker } from "./bull.ts";
import { type NaiveClaim, NaiveJournal } from "./naive-journal.ts";
import { FINISHED, type System, step } from "./system.ts";

type Execute = (claim: NaiveClaim, slot: number, fn: () => Promise<unknown>) => Promise<unknown>;

/** naive1: one awaited script per call, which records its outcome. */
export const naive1: System = naive(async (claim, slot, fn) => {
  const recorded = claim.calls[slot];
  if (recorded !== undefined) return JSON.parse(recorded) as unknown;
  const value = await fn();
  await claim.record(slot, JSON.stringify(value));
  return value;
});

/** naive2: two awaited scripts per call, one that marks it as started and one with its outcome. */
export const naive2: System = naive(async (claim, slot, fn) => {
  const recorded = claim.calls[slot];
  if (recorded !== undefined && recorded !== "PENDING") return JSON.parse(recorded) as unknown;
  if (recorded === undefined) await claim.record(slot, "PENDING");
  const value = await fn();
  await claim.finalize(slot, JSON.stringify(value));
  return value;
});

function naive(execute: Execute): System {
  return {
    enqueue: addJobs,
    start: async (place, progress) => {
      const journal = await NaiveJournal.open(place);
      const stop = await startBullWorker(place, async ({ data: { runId, calls } }) => {
        progress.began();
        const claim = await journal.claim(runId);
        for (let slot = 0; slot < calls; slot += 1) {
          await execute(claim, slot, () => step(runId, slot));
        }
        if (progress.hold !== undefined) await progress.hold;
        progress.ended();
        return FINISHED;
      });
      return async () => {
        await stop();
        journal.close();
      };
    },
  };
}
