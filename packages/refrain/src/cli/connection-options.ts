import { readFileSync } from "node:fs";
import {
  connectRedis,
  endConnection,
  type RedisClient,
  readServerInfo,
  waitUntilReady,
} from "@refrain/redis-store";
import { Cluster, Redis } from "ioredis";

/** The options of every command that talks to a server. */
export const CONNECTION_OPTIONS = {
  url: { type: "string" },
  cacert: { type: "string" },
  cert: { type: "string" },
  key: { type: "string" },
} as const;

export const URL_USAGE = `--url <url>            redis:// or rediss://; default: REDIS_URL, which no process list shows;
                         of a cluster, any node's`;

export const TLS_USAGE = `--cacert <file>        the authority that signed the server's certificate
  --cert <file>          this client's certificate, where the server asks for one
  --key <file>           its key`;

interface ConnectionValues {
  readonly url?: string | undefined;
  readonly cacert?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * A connection as a client's, to the whole cluster where the server is a node of one. Whoever has it is to end it.
 *
 * @throws TypeError that says which option is wrong, StoreError when the server does not answer.
 */
export async function openConnection(values: ConnectionValues): Promise<RedisClient> {
  const redis = connect(values);
  try {
    await waitUntilReady(redis);
    const info = await readServerInfo(redis);
    if (info.get("redis_mode") !== "cluster") return redis;
  } catch (error) {
    endConnection(redis);
    throw error;
  }
  endConnection(redis);
  const { host = "127.0.0.1", port = 6379, username, password, tls } = redis.options;
  const redisOptions = { username, password, ...(tls && { tls }) };
  const template = new Cluster([{ host, port }], { lazyConnect: true, redisOptions });
  const cluster = connectRedis(template, "queue").redis;
  await waitUntilReady(cluster).catch((error: unknown) => {
    endConnection(cluster);
    throw error;
  });
  return cluster;
}

function connect({ url, cacert, cert, key }: ConnectionValues): Redis {
  const files = { ...pem("ca", cacert), ...pem("cert", cert), ...pem("key", key) };
  const tls = Object.keys(files).length === 0 ? {} : { tls: files };
  const address = url ?? process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379";
  if (!/^rediss?:\/\//.test(address)) {
    throw new TypeError("--url and REDIS_URL must begin with redis:// or rediss://");
  }
  return connectRedis(new Redis(address, { ...tls, lazyConnect: true }), "queue").redis;
}

function pem(name: string, file: string | undefined): Readonly<Record<string, Buffer>> {
  if (file === undefined) return {};
  try {
    return { [name]: readFileSync(file) };
  } catch (cause) {
    throw new TypeError(`${file} cannot be read`, { cause });
  }
}
