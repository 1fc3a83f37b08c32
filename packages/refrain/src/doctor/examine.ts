import { judgeConnection, judgeServer, type Risk, readServerInfo } from "@refrain/redis-store";
import type { Redis } from "ioredis";
import type { Diagnosis } from "./diagnosis.ts";
import { judgeAccess, lookAtAccess } from "./look-at-access.ts";
import { judgeNamespace, lookAtNamespace } from "./look-at-namespace.ts";
import {
  askAppendfsync,
  durabilityFacts,
  judgeClock,
  measureClock,
  serverFacts,
} from "./look-at-server.ts";

export interface ExamineOptions {
  readonly address: string;
  readonly namespace: string;
  /** Queues to look at besides those of live runs. */
  readonly queues: readonly string[];
  readonly acceptRisks: readonly Risk[];
}

/**
 * Looks at a server and a namespace as one would before trusting them with runs: judged as in production. It only reads.
 *
 * @throws StoreError when the server does not answer, or refuses even to be looked at.
 */
export async function examine(redis: Redis, options: ExamineOptions): Promise<Diagnosis> {
  const { address, namespace: name, queues, acceptRisks } = options;
  const judging = { isProduction: true, acceptRisks };
  const info = await readServerInfo(redis);
  const { facts: access, mayLook, mayAskSettings } = await lookAtAccess(redis, name);
  const appendfsync = await askAppendfsync(redis, mayAskSettings);
  const clock = mayLook ? await measureClock(redis) : undefined;
  const namespace = mayLook ? await lookAtNamespace(redis, name, queues) : undefined;
  return {
    address,
    server: serverFacts(info),
    durability: durabilityFacts(info, appendfsync),
    clock,
    access,
    namespace,
    problems: [
      ...judgeServer(info, judging),
      ...judgeConnection(redis.options, judging),
      ...(clock === undefined ? [] : judgeClock(clock)),
      ...judgeAccess(access),
      ...(namespace === undefined ? [] : judgeNamespace(namespace)),
    ],
  };
}
