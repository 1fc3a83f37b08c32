import { readFileSync } from "node:fs";
import { connectRedis } from "@refrain/redis-store";
import { Redis } from "ioredis";

/** The options of every command that talks to a server. */
export const CONNECTION_OPTIONS = {
  url: { type: "string" },
  cacert: { type: "string" },
  cert: { type: "string" },
  key: { type: "string" },
} as const;

export const URL_USAGE =
  "--url <url>            redis:// or rediss://; default: REDIS_URL, which no process list shows";

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
 * A connection as a worker's, except that it gives up when the server does.
 *
 * @throws TypeError that says which option is wrong.
 */
export function connect({ url, cacert, cert, key }: ConnectionValues): Redis {
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
