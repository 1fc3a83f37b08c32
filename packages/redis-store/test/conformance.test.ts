import { describeStore } from "@refrain/testkit";
import { Redis } from "ioredis";
import { RedisStore } from "../src/index.ts";
import { keysWithoutTtl, openNamespace, redisUrl } from "./open-namespace.ts";
import { addWorkerUser } from "./worker-user.ts";

// The store may do what a worker may, in its own namespace, and nothing else; but prune, which nobody calls who works, looks
// at every key.
describeStore("RedisStore", async ({ wrapPort }) => {
  const { redis: admin, namespace, close } = await openNamespace();
  const user = await addWorkerUser(admin, namespace, ["+scan"]);
  const redis = new Redis(user.urlOf(redisUrl()), { maxRetriesPerRequest: null });
  const store = new RedisStore({ redis, namespace, wrapPort });
  return {
    store,
    async close() {
      await store.close();
      redis.disconnect();
      const refused = await user.remove();
      await close();
      if (refused.length > 0) throw new Error(`acl/worker.acl lacks ${refused.join(", ")}`);
    },
    keysWithoutTtl: () => keysWithoutTtl(admin, namespace),
  };
});
