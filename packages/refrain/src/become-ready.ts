import { checkServer, type RedisStore, StoreError, waitUntilReady } from "@refrain/redis-store";
import type { Redis } from "ioredis";
import type { Logger } from "pino";

export interface BecomeReadyOptions {
  readonly store: RedisStore;
  readonly journal: Redis;
  readonly redis: Redis;
  readonly logger: Logger;
}

/**
 * Waits until Redis answers, however long that takes, and checks that it fits. What makes it less safe is logged.
 *
 * @throws StoreError when it does not fit, or refuses the credentials.
 */
export async function becomeReady(options: BecomeReadyOptions): Promise<void> {
  const { store, journal, redis, logger } = options;
  for (;;) {
    try {
      await Promise.all([waitUntilReady(journal), waitUntilReady(redis)]);
      const { errors, warnings } = await checkServer(redis);
      if (errors.length > 0) throw new StoreError(errors.join("; "));
      for (const warning of warnings) logger.warn(`Redis: ${warning}`);
      return await store.ready();
    } catch (error) {
      if (!(error instanceof StoreError && error.isTransient) || journal.status === "end")
        throw error;
      logger.warn(`${error.message}; trying on`);
    }
  }
}
