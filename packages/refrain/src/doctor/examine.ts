import {
  addressOf,
  isCluster,
  judgeClient,
  judgeServers,
  mastersOf,
  type RedisClient,
  type Risk,
  readServerInfo,
  readServers,
  StoreError,
} from "@refrain/redis-store";
import type { Redis } from "ioredis";
import type { Diagnosis, NodeFacts } from "./diagnosis.ts";
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
export async function examine(redis: RedisClient, options: ExamineOptions): Promise<Diagnosis> {
  const { address, namespace: name, queues, acceptRisks } = options;
  const judging = { isProduction: true, acceptRisks };
  const servers = await readServers(redis);
  const { facts: access, mayLook, mayAskSettings } = await lookAtAccess(redis, name);
  const masters = mastersOf(redis);
  const nodes = await Promise.all(
    masters.map((master) => lookAtNode(master, { mayAskSettings, mayAskTime: mayLook })),
  );
  const [first, ...others] = nodes;
  if (first === undefined) throw new StoreError("there is no master to look at");
  const namespace = mayLook ? await lookAtNamespace(redis, name, queues) : undefined;
  return {
    address,
    server: first.server,
    durability: first.durability,
    clock: first.clock,
    cluster: isCluster(redis) ? { masters: [first, ...others] } : undefined,
    access,
    namespace,
    problems: [
      ...judgeServers(redis, servers, judging),
      ...judgeClient(redis, judging),
      ...nodes.flatMap(({ clock }) => (clock === undefined ? [] : judgeClock(clock))).slice(0, 1),
      ...judgeAccess(access),
      ...(namespace === undefined ? [] : judgeNamespace(namespace)),
    ],
  };
}

async function lookAtNode(
  master: Redis,
  {
    mayAskSettings,
    mayAskTime,
  }: { readonly mayAskSettings: boolean; readonly mayAskTime: boolean },
): Promise<NodeFacts> {
  const info = await readServerInfo(master);
  const appendfsync = await askAppendfsync(master, mayAskSettings);
  return {
    address: addressOf(master),
    server: serverFacts(info),
    durability: durabilityFacts(info, appendfsync),
    clock: mayAskTime ? await measureClock(master) : undefined,
  };
}
