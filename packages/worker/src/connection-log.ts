import type { Clock } from "@refrain/core";
import type { Cluster, Redis } from "ioredis";
import type { Logger } from "pino";

const SAY_AGAIN_AFTER_MS = 30_000;

/**
 * Says when a worker's connection is lost, not with every try to mend it, and when it is back. Of a cluster, also when one of its
 * nodes does not answer: the others go on meanwhile.
 *
 * @returns what to call before the worker ends the connection itself
 */
export function logConnection(redis: Redis | Cluster, clock: Clock, logger: Logger): () => void {
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
  let nodeSaidAt: number | undefined;
  const onNodeError = (error: Error, node: string): void => {
    onError(error);
    const now = clock.monotonic();
    if (nodeSaidAt !== undefined && now - nodeSaidAt < SAY_AGAIN_AFTER_MS) return;
    nodeSaidAt = now;
    logger.warn({ err: error, node }, NODE_LOST);
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
  redis.on("node error", onNodeError);
  return () => {
    redis.off("error", onError).off("close", onClose).off("ready", onReady);
    redis.off("node error", onNodeError);
  };
}

/** What a server says to credentials that were right once. */
const REFUSED = /^(?:WRONGPASS|NOAUTH|NOPERM)/;

const REFUSES =
  "Redis refuses the worker's credentials, and it takes no runs until they are right: its password was changed or its user removed. Start the worker with new ones, or give the old ones back; runs wait, and none is lost";

const LOST =
  "the connection to Redis is lost; it is mended by itself, and runs go on then. If this lasts, look at the server and the network";

const NODE_LOST =
  "a node of the Redis cluster does not answer; runs whose slots it has wait until it is back, or until its replica has taken over. If this lasts, look at that node and at `CLUSTER NODES`";
