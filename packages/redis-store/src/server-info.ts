import type { Redis } from "ioredis";
import { addressOf, mastersOf } from "./connection-facts.ts";
import type { RedisClient } from "./script.ts";
import { StoreError } from "./store-error.ts";

/** What a server says of itself, by the names that INFO uses. */
export type ServerInfo = ReadonlyMap<string, string>;

/** One of the servers behind a connection. */
export interface Server {
  readonly address: string;
  readonly info: ServerInfo;
}

/**
 * Asks the server behind a connection what it is; in a cluster, every master that its client knows.
 *
 * @throws StoreError when one of them does not answer.
 */
export async function readServers(redis: RedisClient): Promise<readonly Server[]> {
  const masters = mastersOf(redis);
  if (masters.length === 0) {
    throw new StoreError("no master of the cluster is known", { isTransient: true });
  }
  return Promise.all(
    masters.map(async (master) => ({
      address: addressOf(master),
      info: await readServerInfo(master),
    })),
  );
}

/**
 * Asks a server what it is, by INFO and nothing else: the one question that the users of docs/operations.md may ask of it.
 *
 * @throws StoreError when it does not answer.
 */
export async function readServerInfo(redis: Redis): Promise<ServerInfo> {
  const text = await redis.info().catch((error: unknown) => {
    throw StoreError.from("the server cannot be checked", error);
  });
  return parseInfo(text);
}

/** Reads `name:value` lines. */
function parseInfo(text: string): ServerInfo {
  const lines = text.split("\r\n").map((line) => {
    const [name = "", ...value] = line.split(":");
    return [name, value.join(":")] as const;
  });
  return new Map(lines);
}

/** The product and its own version. Those that speak Redis's protocol under another name say which Redis they stand for. */
export function productOf(info: ServerInfo): { readonly name: string; readonly version: string } {
  for (const name of ["Valkey", "Dragonfly"]) {
    const version = info.get(`${name.toLowerCase()}_version`);
    if (version !== undefined) return { name, version };
  }
  return { name: "Redis", version: info.get("redis_version") ?? "of an unknown version" };
}
