import { randomUUID } from "node:crypto";
import { RedisStore } from "@refrain/redis-store";
import { Cluster, Redis } from "ioredis";
import { afterAll, beforeAll } from "vitest";
import { describeStore } from "../src/conformance/describe-store.ts";
import { keysWithoutTtl } from "../src/key-leaks.ts";
import { type RedisServer, startRedis } from "../src/start-redis.ts";

let clusterNode: RedisServer;

beforeAll(async () => {
  clusterNode = await startRedis({ cluster: true });
});
afterAll(() => clusterNode.stop());

describeStore("RedisStore on a cluster", async ({ wrapPort }) => {
  const redis = new Cluster([{ host: "127.0.0.1", port: clusterNode.port }]);
  const node = new Redis(clusterNode.url);
  const namespace = randomUUID();
  const store = new RedisStore({ redis, namespace, wrapPort });
  await store.ready();
  return {
    store,
    keysWithoutTtl: () => keysWithoutTtl(node, namespace),
    async close() {
      await store.close();
      redis.disconnect();
      node.disconnect();
    },
  };
});
