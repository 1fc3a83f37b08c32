import type { CommitPort, Group, NewRun } from "@refrain/core";
import { type CreateStore, describeStore } from "@refrain/testkit";
import { growShards, RedisStore } from "../src/index.ts";
import { keysWithoutTtl, openNamespace } from "./open-namespace.ts";

const MOST = 4;

/**
 * A store of several shards, of which the suite sees one port: what it sends there by hand goes to the shard that has the run,
 * what the store sends to the one it was sent for.
 *
 * @param grows whether it has one shard until the first run of a test is there, and then grows twice
 */
function openSharded(grows: boolean): CreateStore {
  return async ({ wrapPort }) => {
    const { redis, namespace, close } = await openNamespace();
    const ports: CommitPort[] = [];
    const sentFor = new WeakMap<Group, number>();
    const created = new Map<string, number>();
    const shardOfGroup = (group: Group): number => {
      const runId = group.kind === "claim" ? group.delivery.runId : group.runId;
      return sentFor.get(group) ?? created.get(runId) ?? 0;
    };
    const port = wrapPort({
      send: async (batch) => {
        const sent = batch.flatMap((group) => ports[shardOfGroup(group)]?.send([group]) ?? []);
        return (await Promise.all(sent)).flat();
      },
    });
    const store = new RedisStore({
      redis,
      namespace,
      shards: grows ? 1 : MOST,
      wrapPort: (own, shard) => {
        ports[shard] = own;
        return {
          send: (batch) => {
            for (const group of batch) sentFor.set(group, shard);
            return port.send(batch);
          },
        };
      },
    });
    await store.ready();
    let isGrown = !grows;
    const createMany = async (runs: readonly NewRun[]) => {
      const replies = await store.createMany(runs);
      for (const [index, { runId }] of runs.entries()) {
        const reply = replies[index];
        if (reply?.status !== "fulfilled" || !("shard" in reply.value)) continue;
        created.set(runId, reply.value.shard);
      }
      if (!isGrown) {
        isGrown = true;
        for (const shards of [2, MOST]) await growShards({ redis, namespace, shards });
      }
      return replies;
    };
    const create = async (run: NewRun) => {
      const [reply] = await createMany([run]);
      if (reply?.status !== "fulfilled") throw reply?.reason;
      return reply.value;
    };
    return {
      store: Object.assign(Object.create(store) as RedisStore, {
        create,
        createMany,
        claim: store.claim.bind(store),
        read: store.read.bind(store),
        reopen: store.reopen.bind(store),
        prune: store.prune.bind(store),
        rebuild: store.rebuild.bind(store),
        close: store.close.bind(store),
      }),
      async close() {
        await store.close();
        await close();
      },
      keysWithoutTtl: () => keysWithoutTtl(redis, namespace),
    };
  };
}

describeStore(`RedisStore of ${MOST} shards`, openSharded(false));
describeStore("RedisStore that grew after its first run", openSharded(true));
