import type { Clock } from "@refrain/core";
import type { Redis } from "ioredis";
import type { Logger } from "pino";

const SAY_AGAIN_AFTER_MS = 30_000;

/**
 * Says when a worker's connection is lost, not with every try to mend it, and when it is back.
 *
 * @returns what to call before the worker ends the connection itself
 */
export function logConnection(redis: Redis, clock: Clock, logger: Logger): () => void {
  let saidAt: number | undefined;
  let cause: Error | undefined;
  let refusedAt: number | undefined;
  const onError = (error: Error): void => {
    cause = error;
    if (!REFUSED.test(error.message)) return;
    const now = clock.monotonic();
    if (refusedAt !== undefined && now - refusedAt < SAY_AGAIN_AFTER_MS) return;
    refusedAt = now;
    logger.error({ err: error }, REFUSES);
  };
  const onClose = (): void => {
    const now = clock.monotonic();
    if (saidAt !== undefined && now - saidAt < SAY_AGAIN_AFTER_MS) return;
    saidAt = now;
    logger.warn({ err: cause }, LOST);
  };
  const onReady = (): void => {
    if (saidAt !== undefined) logger.info("the connection to Redis is back");
    saidAt = undefined;
    refusedAt = undefined;
    cause = undefined;
  };
  redis.on("error", onError).on("close", onClose).on("ready", onReady);
  return () => void redis.off("error", onError).off("close", onClose).off("ready", onReady);
}

/** What a server says to credentials that were right once. */
const REFUSED = /^(?:WRONGPASS|NOAUTH|NOPERM)/;

const REFUSES =
  "Redis refuses the worker's credentials, and it takes no runs until they are right: its password was changed or its user removed. Start the worker with new ones, or give the old ones back; runs wait, and none is lost";

const LOST =
  "the connection to Redis is lost; it is mended by itself, and runs go on then. If this lasts, look at the server and the network";
