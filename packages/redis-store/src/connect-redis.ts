import { type Cluster, Redis, type RedisOptions } from "ioredis";
import { copyCluster } from "./connect-cluster.ts";
import { isCluster, optionsOf } from "./connection-facts.ts";
import { hideCredentials } from "./hide-credentials.ts";
import { makeCopiesPatient } from "./patient-copies.ts";
import type { RedisClient } from "./script.ts";

/** What an application may hand over: a URL, ioredis options, or an instance of ioredis's `Redis` or `Cluster`. */
export type Connection = string | RedisOptions | Redis | Cluster;

/**
 * `journal`: the journal's own, for batches and what else a store asks. `worker`: what BullMQ's workers ask; what they block
 * on is a duplicate with more patience. `queue`: a client's, whose runs and jobs must arrive in order. `subscriber`: for
 * hints of settled runs.
 */
export type Purpose = "journal" | "worker" | "queue" | "subscriber";

/** Commands wait for the connection and are sent again after a loss; every script of ours allows for that. */
const COMMON: RedisOptions = {
  maxRetriesPerRequest: null,
  enableOfflineQueue: true,
  autoResendUnfulfilledCommands: true,
  // It would reject what is carried out all the same.
  commandTimeout: undefined,
  enableAutoPipelining: false,
  lazyConnect: false,
  stringNumbers: false,
  replyMapping: "legacy",
  // The master moved: connect anew, and send the command again.
  reconnectOnError: (error) => (error.message.startsWith("READONLY") ? 2 : false),
};

/** A server that owes an answer for this long is given up, and asked again over a new connection. */
const SILENT_FOR_MS = 10_000;

/** How long a connection may wait for an answer: none of its own where nobody answers until something happens. */
function socketTimeoutOf(given: RedisClient, purpose: Purpose): number | undefined {
  if (purpose === "subscriber") return undefined;
  return Math.min(optionsOf(given).socketTimeout ?? SILENT_FOR_MS, SILENT_FOR_MS);
}

/** A connection that is made for a purpose; `owned` says whose it is to end. */
export interface Connected<R extends RedisClient = RedisClient> {
  readonly redis: R;
  readonly owned: boolean;
}

/**
 * A connection with the settings that its purpose needs, whatever else the application's own has. An instance is
 * duplicated, unless it is a client's `Redis` and has these settings already. A shorter `socketTimeout` of the application's
 * stays.
 *
 * @throws TypeError on a connection with a `keyPrefix`.
 */
export function connectRedis(connection: Cluster, purpose: Purpose): Connected<Cluster>;
export function connectRedis(
  connection: Exclude<Connection, Cluster>,
  purpose: Purpose,
): Connected<Redis>;
export function connectRedis(connection: Connection, purpose: Purpose): Connected;
export function connectRedis(connection: Connection, purpose: Purpose): Connected {
  const given = isInstance(connection) ? connection : template(connection);
  const keyPrefix = given.options.keyPrefix || optionsOf(given).keyPrefix;
  if (keyPrefix) {
    throw new TypeError(
      `the connection has a keyPrefix, ${JSON.stringify(keyPrefix)}: BullMQ forbids it; name a \`namespace\` instead`,
    );
  }
  if (given === connection && purpose === "queue" && isFitForQueues(given)) {
    return { redis: given, owned: false };
  }
  const common = { ...COMMON, socketTimeout: socketTimeoutOf(given, purpose) };
  const redis = hideCredentials(
    isCluster(given) ? copyCluster(given, purpose, common) : given.duplicate(common),
  );
  // Losses heal by themselves, and ioredis prints errors nobody listens to.
  redis.on("error", () => {});
  if (purpose === "worker") makeCopiesPatient(redis);
  return { redis, owned: true };
}

/** The application may have another copy of ioredis than we do. */
function isInstance(connection: Connection): connection is RedisClient {
  return (
    typeof connection === "object" && typeof Reflect.get(connection, "duplicate") === "function"
  );
}

/** Never connects: it stands for what ioredis makes of a URL or of options. */
function template(connection: string | RedisOptions): Redis {
  return typeof connection === "string"
    ? new Redis(connection, { lazyConnect: true })
    : new Redis({ ...connection, lazyConnect: true, replyMapping: "legacy" });
}

function isFitForQueues(given: RedisClient): boolean {
  // Connections of a cluster's client come and go with its nodes: they are best our own.
  if (isCluster(given)) return false;
  const { options } = given;
  return (
    options.maxRetriesPerRequest === null &&
    options.commandTimeout === undefined &&
    options.socketTimeout === undefined &&
    options.enableAutoPipelining !== true &&
    options.enableOfflineQueue !== false &&
    options.autoResendUnfulfilledCommands !== false &&
    options.replyMapping !== "resp3" &&
    options.stringNumbers !== true &&
    typeof options.reconnectOnError === "function"
  );
}
