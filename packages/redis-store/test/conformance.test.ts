import { describeStore } from "@refrain/testkit";
import { RedisStore } from "../src/index.ts";
import { keysWithoutTtl, openNamespace } from "./open-namespace.ts";

describeStore("RedisStore", async ({ wrapPort }) => {
  const { redis, namespace, close } = await openNamespace();
  const store = new RedisStore({ redis, namespace, wrapPort });
  return {
    store,
    async close() {
      await store.close();
      await close();
    },
    keysWithoutTtl: () => keysWithoutTtl(redis, namespace),
  };
});
