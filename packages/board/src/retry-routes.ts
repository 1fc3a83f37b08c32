import { RetryRefusedError, RunNotFoundError } from "@refrain/client";
import { Hono } from "hono";
import { plainText } from "./preview.ts";
import type { RunQueueAdapter } from "./run-queue-adapter.ts";

/** How many runs are reopened at a time. */
const AT_ONCE = 20;
/** A message names this many of the runs that were not retried. */
const NAMED = 5;

/**
 * Takes the place of Bull Board's own retry buttons, which would only have a job answer with its run's stored outcome: these
 * reopen the run, as `run.retry()` does.
 */
export function retryRoutes(queues: () => readonly RunQueueAdapter[]): Hono {
  const find = (name: string) => queues().find((queue) => queue.getName() === name);
  const app = new Hono();

  app.put("/api/queues/:queueName/:jobId/retry", async (c) => {
    const queue = find(c.req.param("queueName"));
    if (queue === undefined) return c.json(refusal(NO_QUEUE), 404);
    try {
      await queue.retryRun(c.req.param("jobId"));
      return c.body(null, 204);
    } catch (error) {
      return c.json(refusal(reasonOf(error)), statusOf(error));
    }
  });

  app.put("/api/queues/:queueName/retry/:queueStatus", async (c) => {
    const queue = find(c.req.param("queueName"));
    const status = c.req.param("queueStatus");
    if (queue === undefined) return c.json(refusal(NO_QUEUE), 404);
    if (status !== "failed") return c.json(refusal("Only failed runs can be retried."), 400);
    const jobIds = await queue.jobIds(status);
    const errors = await retryAll(queue, jobIds);
    const retried = jobIds.length - errors.length;
    if (errors.length === 0) return c.json({ retried, skipped: 0 });
    const named = errors.slice(0, NAMED).map(reasonOf).join(" · ");
    return c.json(refusal(`${retried} retried, ${errors.length} not: ${named}`), 409);
  });

  return app;
}

const NO_QUEUE = "There is no such queue on this board.";

/** What could not be retried does not stop the others. */
async function retryAll(queue: RunQueueAdapter, jobIds: readonly string[]): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (let from = 0; from < jobIds.length; from += AT_ONCE) {
    const some = jobIds.slice(from, from + AT_ONCE).map((jobId) => queue.retryRun(jobId));
    for (const end of await Promise.allSettled(some)) {
      if (end.status === "rejected") errors.push(end.reason);
    }
  }
  return errors;
}

/** The shape in which Bull Board's page shows a message to whoever pressed the button. */
function refusal(message: string) {
  return { error: { key: "ERRORS.JOB_NOT_RETRIABLE", options: { state: "failed" } }, message };
}

function statusOf(error: unknown): 404 | 409 | 500 {
  if (error instanceof RunNotFoundError) return 404;
  return error instanceof RetryRefusedError || error instanceof TypeError ? 409 : 500;
}

function reasonOf(error: unknown): string {
  return plainText(error instanceof Error ? error.message : String(error), 500);
}
