import { addJobs, startBullWorker } from "./bull.ts";
import { FINISHED, type System } from "./system.ts";

/** BullMQ jobs that do nothing: what a queue costs before anything is durable. */
export const raw: System = {
  enqueue: addJobs,
  start: (place, progress) =>
    startBullWorker(place, async () => {
      progress.began();
      progress.ended();
      return FINISHED;
    }),
};
