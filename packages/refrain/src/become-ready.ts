import {
  describeFinding,
  type Finding,
  type JudgeOptions,
  judgeConnection,
  judgeServer,
  type RedisStore,
  readServerInfo,
  StoreError,
  waitUntilReady,
} from "@refrain/redis-store";
import type { Redis } from "ioredis";
import type { Logger } from "pino";

export interface BecomeReadyOptions {
  readonly store: RedisStore;
  readonly journal: Redis;
  readonly redis: Redis;
  readonly logger: Logger;
  readonly judging: JudgeOptions;
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
      for (const finding of await judge(options)) {
        logger.warn(`Redis: ${describeFinding(finding)}`);
      }
      return await store.ready();
    } catch (error) {
      if (!(error instanceof StoreError && error.isTransient) || journal.status === "end")
        throw error;
      logger.warn(`${error.message}; trying on`);
    }
  }
}

/** @throws StoreError when the server does not fit; what only makes it less safe is returned. */
async function judge({ redis, judging }: BecomeReadyOptions): Promise<readonly Finding[]> {
  const server = judgeServer(await readServerInfo(redis), judging);
  const errors = server.filter(({ severity }) => severity === "error").map(describeFinding);
  if (errors.length > 0) throw new StoreError(errors.join("; "));
  return [...server, ...judgeConnection(redis.options, judging)];
}
