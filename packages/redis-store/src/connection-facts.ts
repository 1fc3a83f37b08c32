import type { Cluster, Redis, RedisOptions } from "ioredis";
import type { RedisClient } from "./script.ts";

/** Where a node of a cluster is looked for first. */
export interface Seed {
  readonly host: string;
  readonly port: number;
  readonly isEncrypted: boolean;
}

/** What the connections of a client have in common; a cluster's has one to each node. */
export function optionsOf(redis: RedisClient): RedisOptions {
  return isCluster(redis) ? (redis.options.redisOptions ?? {}) : redis.options;
}

/** The application may have another copy of ioredis than we do. */
export function isCluster(redis: RedisClient): redis is Cluster {
  return redis.isCluster;
}

/** The servers behind a connection that take writes, as far as it knows them. */
export function mastersOf(redis: RedisClient): readonly Redis[] {
  return isCluster(redis) ? redis.nodes("master") : [redis];
}

/** Where a cluster's client began. */
export function seedsOf(cluster: Cluster): readonly Seed[] {
  const nodes = Reflect.get(cluster, "startupNodes") as ConstructorParameters<typeof Cluster>[0];
  const { tls } = optionsOf(cluster);
  return nodes.map((node) => {
    const { host, port, isEncrypted } = seedOf(node);
    return { host, port, isEncrypted: isEncrypted || tls !== undefined };
  });
}

/** Where a connection leads, without its credentials. */
export function addressOf(redis: RedisClient): string {
  if (isCluster(redis)) {
    const seeds = seedsOf(redis).map(({ host, port }) => `${host}:${port}`);
    return `the cluster of ${seeds.join(", ")}`;
  }
  const { host, port, path, sentinels, name } = redis.options;
  if (path) return path;
  if (!sentinels?.length) return `${host}:${port}`;
  const list = sentinels.map((sentinel) => `${sentinel.host}:${sentinel.port ?? 26_379}`);
  return `"${name}" by the sentinels ${list.join(", ")}`;
}

function seedOf(node: ConstructorParameters<typeof Cluster>[0][number]): Seed {
  if (typeof node === "object") {
    const { host = LOCAL, port = 6379 } = node;
    return { host, port, isEncrypted: Reflect.get(node, "tls") !== undefined };
  }
  if (typeof node === "number") return { host: LOCAL, port: node, isEncrypted: false };
  const url = new URL(node.includes("://") ? node : `redis://${node}`);
  const { hostname, port, protocol } = url;
  return {
    host: hostname || LOCAL,
    port: Number(port || 6379),
    isEncrypted: protocol === "rediss:",
  };
}

const LOCAL = "127.0.0.1";
