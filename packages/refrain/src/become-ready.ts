import {
  type Durability,
  describeFinding,
  type Finding,
  isCluster,
  type JudgeOptions,
  judgeClient,
  judgeServers,
  type RedisClient,
  type RedisStore,
  readServers,
  StoreError,
  waitUntilReady,
} from "@refrain/redis-store";
import type { Logger } from "pino";
import { CLUSTER_COMMANDS, WORKER_COMMANDS } from "./rights/commands.ts";
import { lackedRules, requireRights } from "./rights/require-rights.ts";

export interface BecomeReadyOptions {
  readonly store: RedisStore;
  readonly journal: RedisClient;
  readonly redis: RedisClient;
  readonly namespace: string;
  readonly durability: Durability | undefined;
  readonly logger: Logger;
  readonly judging: JudgeOptions;
}

/**
 * Waits until Redis answers, however long that takes, and checks that it fits. What makes it less safe is logged.
 *
 * @throws StoreError when it does not fit, refuses the credentials, or its user lacks rights.
 */
export async function becomeReady(options: BecomeReadyOptions): Promise<void> {
  const { store, journal, redis, namespace, logger } = options;
  for (;;) {
    try {
      await Promise.all([waitUntilReady(journal), waitUntilReady(redis)]);
      const lacked = await lackedRules(journal, namespace, neededBy(options));
      requireRights(journal, "a worker", lacked);
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
  const server = judgeServers(redis, await readServers(redis), judging);
  const errors = server.filter(({ severity }) => severity === "error").map(describeFinding);
  if (errors.length > 0) throw new StoreError(errors.join("; "));
  return [...server, ...judgeClient(redis, judging)];
}

/** Hints of settled runs are a client's, and a connection without a name works as well. */
function neededBy({ durability, redis }: BecomeReadyOptions): readonly string[] {
  const others = ["subscribe", "unsubscribe", "client|setname"];
  if (!isCluster(redis)) others.push(...CLUSTER_COMMANDS);
  if (durability?.replicas === undefined) others.push("wait");
  return WORKER_COMMANDS.filter((command) => !others.includes(command));
}
