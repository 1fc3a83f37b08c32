// The store

export { checkDurability, type Durability } from "./durability-option.ts";
export { RedisStore, type RedisStoreOptions } from "./redis-store.ts";
export type { RedisClient } from "./script.ts";
export { StoreError, type StoreErrorOptions } from "./store-error.ts";

// Where things are

export {
  countFormer,
  countLive,
  forgetFormer,
  type ShardRuns,
} from "./former-runs.ts";
export { type GrowOptions, type GrowthStep, growShards } from "./grow-shards.ts";
export {
  checkNamespace,
  checkQueueName,
  checkRunId,
  type RunKeys,
  reservedQueueNames,
  ShardKeys,
} from "./keys.ts";
export { KnownLayout, type KnownLayoutOptions } from "./known-layout.ts";
export { allShards, countsOf, LAYOUT_VERSION, type Layout, readLayout } from "./layout.ts";
export type { Placement } from "./placement.ts";
export { checkShards, MOST_SHARDS, shardOf } from "./shard-of.ts";

// Connections and servers

export { type Connected, type Connection, connectRedis, type Purpose } from "./connect-redis.ts";
export { addressOf, isCluster, mastersOf, optionsOf, seedsOf } from "./connection-facts.ts";
export {
  type DurabilityLevel,
  durabilityOf,
  type PossibleLoss,
  possibleLoss,
} from "./durability.ts";
export { endConnection } from "./end-connection.ts";
export { type ForeignScript, foreignScript, type SendForeign } from "./foreign-script.ts";
export {
  describeFinding,
  type Finding,
  type JudgeOptions,
  judgeClient,
  judgeServers,
  type Risk,
} from "./judge-server.ts";
export { deniedCommands } from "./may-run.ts";
export {
  productOf,
  readServerInfo,
  readServers,
  type Server,
  type ServerInfo,
} from "./server-info.ts";
export {
  RedisSettledHints,
  type RedisSettledHintsOptions,
  type SettledHints,
} from "./settled-hints.ts";
export { waitUntilReady } from "./wait-until-ready.ts";
