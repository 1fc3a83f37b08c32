import { type Client, type ClientParts, RunClient } from "@refrain/client";
import { checkOptions, codecOf, defaultLimits, msgpackCodec, systemClock } from "@refrain/core";
import {
  checkQueueName,
  foreignScript,
  type RedisClient,
  RedisSettledHints,
  RedisStore,
  ShardKeys,
  waitUntilReady,
} from "@refrain/redis-store";
import { COMMON_KEYS, type CommonOptions, checkCommonOptions } from "./common-options.ts";
import { Connections } from "./connect.ts";
import { CREATE_COMMANDS } from "./rights/commands.ts";
import { lackedRules, requireRights } from "./rights/require-rights.ts";

export interface ClientOptions extends CommonOptions {}

/**
 * Makes a client. It connects by itself, and again after every loss.
 *
 * @throws TypeError on an unknown or bad option.
 */
export function createClient(options: ClientOptions): Client {
  checkOptions("createClient", options, COMMON_KEYS);
  checkCommonOptions("createClient", options);
  return new RunClient(clientParts(options));
}

function clientParts(options: ClientOptions): ClientParts {
  const { namespace = "refrain", shards, errors = {} } = options;
  const codec = codecOf(namespace, options.codec ?? msgpackCodec);
  const limits = { ...defaultLimits, ...options.limits };
  const connections = new Connections(options.connection);
  const { durability } = options;
  // WAIT holds up whatever else its connection is asked for.
  const redis = connections.open(durability === undefined ? "queue" : "journal");
  const store = new RedisStore({ redis, namespace, shards, limits, durability });
  const { layout } = store;
  let hints: RedisSettledHints | undefined;
  const openHints = (): RedisSettledHints =>
    new RedisSettledHints({
      redis: connections.open("subscriber"),
      namespace,
      shardsOf: (runId) => layout.shardsOf(runId),
    });
  const { reach, reachToWrite } = reacher(redis, store, namespace);
  return {
    store,
    redis,
    senderOf: (script) => foreignScript(redis, script),
    shards: async () => {
      await layout.refresh();
      return layout.shards;
    },
    shardFor: (runId) => {
      const [placement, other] = layout.placementsOf(runId);
      return other === undefined ? placement?.shard : undefined;
    },
    prefixOf: (shard) => new ShardKeys(namespace, shard).prefix,
    checkQueue: checkQueueName,
    codec,
    limits,
    errors,
    clock: systemClock,
    // Most clients only enqueue: the connection for hints waits for who awaits a result.
    hints: { onSettled: (runId, listener) => (hints ??= openHints()).onSettled(runId, listener) },
    reach,
    reachToWrite,
    close: () => connections.close(Promise.all([hints?.close(), store.close()])),
  };
}

/** However many ask at once, one waits; and the layout and the user's rights are checked once, in one round trip. */
function reacher(
  redis: RedisClient,
  store: RedisStore,
  namespace: string,
): Pick<ClientParts, "reach" | "reachToWrite"> {
  let isChecked = false;
  let reaching: Promise<void> | undefined;
  let lacked: readonly string[] = [];
  const askRights = async (): Promise<void> => {
    lacked = await lackedRules(redis, namespace, CREATE_COMMANDS);
  };
  const reachOnce = async (): Promise<void> => {
    await waitUntilReady(redis);
    if (!isChecked) await Promise.all([store.ready(), askRights()]);
    isChecked = true;
  };
  const reach = async (): Promise<void> => {
    if (isChecked && redis.status === "ready") return;
    reaching ??= reachOnce().finally(() => {
      reaching = undefined;
    });
    await reaching;
  };
  return {
    reach,
    reachToWrite: async () => {
      await reach();
      if (lacked.length === 0) return;
      await askRights();
      requireRights(redis, "a client", lacked);
    },
  };
}
