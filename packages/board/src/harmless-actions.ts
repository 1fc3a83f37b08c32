import type { BoardHooks } from "@bull-board/api/typings/app";

/**
 * Bull Board's buttons that a run survives whenever they are pressed. A promoted job is only delivered sooner, a paused queue
 * only waits. To retry is another matter: see `retryRoutes`. The others take a job away from its run, change what the job says
 * about it, or add one that no run asked for.
 */
const HARMLESS: ReadonlySet<string> = new Set([
  "put /api/queues/pause",
  "put /api/queues/resume",
  "put /api/queues/:queueName/pause",
  "put /api/queues/:queueName/resume",
  "put /api/queues/:queueName/promote",
  "put /api/queues/:queueName/:jobId/promote",
]);

/** Refuses on the server, with 405, what the board may not do: every change when read-only, else all but harmless ones. */
export function refuseActions(readOnly: boolean): BoardHooks {
  return {
    before: ({ method, route }) => {
      if (method === "get" || (!readOnly && HARMLESS.has(`${method} ${route}`))) {
        return { allow: true };
      }
      return {
        allow: false,
        status: 405,
        errorKey: "ERRORS.QUEUE_READ_ONLY",
        message: readOnly
          ? "This board is read-only."
          : "This board retries, promotes, pauses and resumes; everything else could part a run from its job.",
      };
    },
  };
}
