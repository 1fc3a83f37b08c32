import type { Redis } from "ioredis";
import { StoreError } from "./store-error.ts";

/** What keeps a server from being safe to use, and what only makes it less so. Each line says what to change. */
export interface ServerCheck {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

const MIN_MAJOR = 7;

/**
 * Looks at what a server says of itself; INFO is all it asks for. What a managed server keeps to itself counts as right.
 *
 * @throws StoreError when the server does not answer.
 */
export async function checkServer(redis: Redis): Promise<ServerCheck> {
  const text = await redis.info().catch((error: unknown) => {
    throw StoreError.from("the server cannot be checked", error);
  });
  return judge(parseInfo(text));
}

function judge(info: ReadonlyMap<string, string>): ServerCheck {
  const errors: string[] = [];
  const warnings: string[] = [];
  const version = info.get("redis_version") ?? "";
  if (!info.has("valkey_version") && Number.parseInt(version, 10) < MIN_MAJOR) {
    errors.push(`Redis ${version} is too old: use Redis ${MIN_MAJOR}.0 or newer, or Valkey`);
  }
  if (info.get("role") === "slave") {
    errors.push("the server is a replica and takes no writes: connect to its master");
  }
  const policy = info.get("maxmemory_policy") ?? "noeviction";
  if (policy !== "noeviction") {
    const evicts = `maxmemory-policy is ${policy}: a full server would delete runs. Set \`maxmemory-policy noeviction\``;
    (info.get("maxmemory") === "0" ? warnings : errors).push(evicts);
  }
  if (info.get("aof_enabled") === "0") {
    warnings.push(
      "the append-only file is off: a restart of the server loses every run since its last snapshot. Set `appendonly yes`",
    );
  }
  if (info.get("aof_last_write_status") === "err") {
    warnings.push(
      "the last write to the append-only file failed: free disk space, or see the server's log",
    );
  }
  return { errors, warnings };
}

/** Reads `name:value` lines. */
function parseInfo(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\r\n").map((line) => {
    const [name = "", ...value] = line.split(":");
    return [name, value.join(":")] as const;
  });
  return new Map(lines);
}
