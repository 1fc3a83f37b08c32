import type { Cluster, Redis } from "ioredis";
import { isCluster } from "./connection-facts.ts";
import type { RedisClient } from "./script.ts";

/**
 * Takes the password out of what a connection, and every copy of it, reports: an error of ioredis names the command it belongs to,
 * with its arguments, and whoever logs the error logs them.
 */
export function hideCredentials<R extends RedisClient>(redis: R): R {
  if (isCluster(redis)) hideInCluster(redis);
  else hideInRedis(redis);
  return redis;
}

function hideInRedis(redis: Redis): void {
  redis.on("error", hide);
  const duplicate = redis.duplicate.bind(redis);
  redis.duplicate = (override) => hideCredentials(duplicate(override));
}

function hideInCluster(cluster: Cluster): void {
  cluster.on("error", hideCause);
  cluster.on("node error", hide);
  cluster.on("+node", (node: Redis) => {
    hideCredentials(node);
    tellOfCopies(node, cluster);
  });
  const duplicate = cluster.duplicate.bind(cluster);
  cluster.duplicate = (nodes, override) => hideCredentials(duplicate(nodes, override));
}

/** A cluster's client asks a copy of each node's connection for the slots, and keeps to itself why that has no answer. */
function tellOfCopies(node: Redis, cluster: Cluster): void {
  const { host, port } = node.options;
  const duplicate = node.duplicate.bind(node);
  node.duplicate = (override) => {
    const copy = duplicate(override);
    copy.on("error", (error) => cluster.emit("node error", error, `${host}:${port}`));
    return copy;
  };
}

/** When no node answers, the error has the last node's. */
function hideCause(error: Error): void {
  hide(error);
  const cause: unknown = Reflect.get(error, "lastNodeError");
  if (cause instanceof Error) hide(cause);
}

function hide(error: Error): void {
  const command: unknown = Reflect.get(error, "command");
  if (typeof command !== "object" || command === null) return;
  const name = String(Reflect.get(command, "name")).toLowerCase();
  if (name === "hello" || name === "auth") Reflect.set(command, "args", ["[hidden]"]);
}
