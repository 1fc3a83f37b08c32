import type { ActionImplementation } from "@refrain/core";

export interface QueuePlan {
  readonly queue: string;
  /** Jobs of it that BullMQ hands out at once. */
  readonly concurrency: number;
}

/** Which queues a worker takes runs from. A queue whose actions all have a bound need not be asked for more than these. */
export function queuesOf(
  implementations: readonly ActionImplementation[],
  options: { readonly queues?: readonly string[] | undefined; readonly concurrency: number },
): QueuePlan[] {
  const { concurrency } = options;
  const names = options.queues ?? implementations.map(({ definition }) => definition.queue);
  return [...new Set(names)].map((queue) => {
    const bounds = implementations
      .filter(({ definition }) => definition.queue === queue)
      .map((implementation) => implementation.concurrency ?? concurrency);
    const wanted = bounds.length === 0 ? concurrency : bounds.reduce((sum, bound) => sum + bound);
    return { queue, concurrency: Math.min(concurrency, wanted) };
  });
}
