import { setTimeout as pause } from "node:timers/promises";

export interface EventuallyOptions {
  /** How long to go on trying. Default 10 s. */
  readonly timeoutMs?: number;
  /** Pause between two tries. Default 10 ms. */
  readonly intervalMs?: number;
}

/**
 * Tries until `attempt` no longer throws, and resolves to what it returned. For what announces itself by no event; after
 * `timeoutMs` it rejects with what the last try threw.
 */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<T> {
  const { timeoutMs = 10_000, intervalMs = 10 } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
      await pause(intervalMs);
    }
  }
}
