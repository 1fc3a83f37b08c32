import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Redis } from "ioredis";

/** All that a server holds, and all that it ever wrote to its append-only files, as one run of bytes. */
export async function everythingStored(redis: Redis, dir: string): Promise<Buffer> {
  const kept: Buffer[] = [];
  for (const key of await redis.keys("*")) kept.push(Buffer.from(key), await valueOf(redis, key));
  const files = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name)));
  return Buffer.concat([...kept, ...files]);
}

async function valueOf(redis: Redis, key: string): Promise<Buffer> {
  const type = await redis.type(key);
  const read = READERS[type];
  if (read === undefined) throw new Error(`nobody reads ${key}, a ${type}`);
  return bytesOf(await redis.callBuffer(...read(key)));
}

const READERS: Readonly<Record<string, (key: string) => [string, ...string[]]>> = {
  string: (key) => ["get", key],
  hash: (key) => ["hgetall", key],
  list: (key) => ["lrange", key, "0", "-1"],
  set: (key) => ["smembers", key],
  zset: (key) => ["zrange", key, "0", "-1"],
  stream: (key) => ["xrange", key, "-", "+"],
};

function bytesOf(reply: unknown): Buffer {
  if (Array.isArray(reply)) return Buffer.concat(reply.map(bytesOf));
  return Buffer.isBuffer(reply) ? reply : Buffer.from(String(reply));
}
