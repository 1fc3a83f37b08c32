import type { Redis } from "ioredis";
import { StoreError } from "./store-error.ts";

/** What a server says of itself, by the names that INFO uses. */
export type ServerInfo = ReadonlyMap<string, string>;

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
