import type { Cluster, ClusterOptions, RedisOptions } from "ioredis";
import type { Purpose } from "./connect-redis.ts";

/**
 * How often a command is sent anew, to the node that has its slot by then, before whoever sent it hears of it. The journal sends
 * the same batch again itself, and says what keeps it waiting; a client's caller is told after some 10 s; and BullMQ, for which
 * a failed command is a lost one, waits as long as it takes.
 */
const REDIRECTIONS: Readonly<Record<Purpose, number>> = {
  journal: 16,
  worker: Number.MAX_SAFE_INTEGER,
  queue: 200,
  subscriber: 16,
};

const REFRESH_EVERY_MS = 5000;
const REFRESH_WITHIN_MS = 5000;

/**
 * A copy of an application's cluster with the settings that its purpose needs.
 *
 * @param common what every connection to a node has, whatever the application's own have
 */
export function copyCluster(given: Cluster, purpose: Purpose, common: RedisOptions): Cluster {
  const { redisOptions, slotsRefreshInterval, slotsRefreshTimeout = 0 } = given.options;
  const options: OwnOptions = {
    enableOfflineQueue: true,
    enableReadyCheck: true,
    enableAutoPipelining: false,
    lazyConnect: false,
    shardedSubscribers: false,
    // What was just written is read again at once.
    scaleReads: "master",
    maxRedirections: REDIRECTIONS[purpose],
    // A node that does not come back is not waited for: another one may have its slots.
    clusterNodeRetryStrategy: null,
    retryDelayOnFailover: 100,
    retryDelayOnClusterDown: 100,
    retryDelayOnTryAgain: 100,
    // A node that says nothing any more is left when others say that it is none of them.
    slotsRefreshInterval: slotsRefreshInterval || REFRESH_EVERY_MS,
    slotsRefreshTimeout: Math.max(slotsRefreshTimeout, REFRESH_WITHIN_MS),
    redisOptions: { ...redisOptions, ...forNodes(common) },
  };
  return given.duplicate([], options);
}

type NodeOptions = NonNullable<ClusterOptions["redisOptions"]> & { replyMapping: "legacy" };
type OwnOptions = ClusterOptions & { readonly redisOptions: NodeOptions };

/** Nodes are connected to when they are needed, and the cluster's client holds back what cannot be sent yet. */
function forNodes(common: RedisOptions): NodeOptions {
  const { lazyConnect: _, enableOfflineQueue: __, ...rest } = common;
  return rest as NodeOptions;
}
