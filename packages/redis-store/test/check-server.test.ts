import { startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { checkServer } from "../src/index.ts";

/** A connection that answers INFO with these lines. */
function serverThatSays(lines: Readonly<Record<string, string>>): Redis {
  const redis = new Redis({ lazyConnect: true });
  const text = Object.entries({ redis_version: "7.2.4", ...lines }).map(
    ([name, value]) => `${name}:${value}`,
  );
  Object.defineProperty(redis, "info", {
    value: async () => ["# Server", ...text, ""].join("\r\n"),
  });
  return redis;
}

describe("checkServer", () => {
  it("finds nothing wrong with a server as it should be, and asks for INFO only", async () => {
    await using server = await startRedis();
    const redis = new Redis(server.url);
    await redis.acl("SETUSER", "inspector", "on", ">secret", "-@all", "+info", "+hello");
    const inspector = new Redis(`redis://inspector:secret@127.0.0.1:${server.port}`);

    expect(await checkServer(inspector)).toEqual({ errors: [], warnings: [] });

    for (const connection of [redis, inspector]) connection.disconnect();
  });

  it("finds a real server that evicts, forgets and follows", async () => {
    await using master = await startRedis();
    await using server = await startRedis({
      args: ["--appendonly", "no", "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"],
    });
    const redis = new Redis(server.url);
    await redis.replicaof("127.0.0.1", master.port);

    const { errors, warnings } = await checkServer(redis);

    expect(errors).toEqual([
      expect.stringMatching(/replica.*connect to its master/),
      expect.stringMatching(/allkeys-lru.*Set `maxmemory-policy noeviction`/),
    ]);
    expect(warnings).toEqual([
      expect.stringMatching(/append-only file is off.*Set `appendonly yes`/),
    ]);
    redis.disconnect();
  });

  it("knows which versions will do", async () => {
    const old = await checkServer(serverThatSays({ redis_version: "6.2.14" }));
    const valkey = await checkServer(
      serverThatSays({ redis_version: "7.2.4", valkey_version: "9.0.0" }),
    );
    const next = await checkServer(serverThatSays({ redis_version: "10.0.1" }));

    expect(old.errors).toEqual([expect.stringMatching(/Redis 6.2.14 is too old: use Redis 7.0/)]);
    expect([valkey.errors, next.errors]).toEqual([[], []]);
  });

  it("only warns of eviction that cannot happen yet, and takes silence for yes", async () => {
    const unlimited = { maxmemory: "0", maxmemory_policy: "allkeys-lru" };

    const { errors, warnings } = await checkServer(serverThatSays(unlimited));
    const silent = await checkServer(serverThatSays({}));

    expect([errors, warnings]).toEqual([[], [expect.stringMatching(/allkeys-lru/)]]);
    expect(silent).toEqual({ errors: [], warnings: [] });
  });

  it("names the reason when it may not ask", async () => {
    await using server = await startRedis();
    const redis = new Redis(server.url);
    await redis.acl("SETUSER", "nobody", "on", ">secret", "-@all", "+hello");
    const nobody = new Redis(`redis://nobody:secret@127.0.0.1:${server.port}`, {
      enableReadyCheck: false,
    });

    await expect(checkServer(nobody)).rejects.toThrow(/the server cannot be checked: NOPERM/);

    for (const connection of [redis, nobody]) connection.disconnect();
  });
});
