import net from "node:net";
import { startRedis } from "@refrain/testkit";
import { type Cluster, Redis, type RedisOptions } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { type Connection, connectRedis, type Purpose, waitUntilReady } from "../src/index.ts";
import { redisUrl } from "./open-namespace.ts";

const opened: Redis[] = [];

afterEach(() => {
  for (const redis of opened.splice(0)) redis.disconnect();
});

function connect(connection: Exclude<Connection, Cluster>, purpose: Purpose) {
  const connected = connectRedis(connection, purpose);
  opened.push(connected.redis);
  return connected;
}

function instance(options: Omit<RedisOptions, "replyMapping">): Redis {
  const redis = new Redis(redisUrl(), options);
  opened.push(redis);
  return redis;
}

describe("connectRedis", () => {
  const { hostname, port } = new URL(redisUrl());

  it("takes a URL, options or an instance, and answers over each", async () => {
    for (const connection of [redisUrl(), { host: hostname, port: Number(port) }, instance({})]) {
      const { redis, owned } = connect(connection, "journal");
      expect([await redis.ping(), owned]).toEqual(["PONG", true]);
    }
  });

  it("has commands wait and be sent again, whatever the application set", () => {
    const hasty = instance({
      maxRetriesPerRequest: 1,
      commandTimeout: 100,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      enableAutoPipelining: true,
    });

    for (const purpose of ["journal", "worker", "queue", "subscriber"] as const) {
      const { redis, owned } = connect(hasty, purpose);

      expect(owned).toBe(true);
      expect(redis.options).toMatchObject({
        maxRetriesPerRequest: null,
        enableOfflineQueue: true,
        autoResendUnfulfilledCommands: true,
        enableAutoPipelining: false,
      });
      expect(redis.options.commandTimeout).toBeUndefined();
    }
  });

  it("watches for silence where every command has an answer, as long as the application says", () => {
    const timeouts = (given: string | RedisOptions) =>
      (["journal", "worker", "queue", "subscriber"] as const).map(
        (purpose) => connect(given, purpose).redis.options.socketTimeout,
      );

    expect(timeouts(redisUrl())).toEqual([10_000, 10_000, 10_000, undefined]);
    const hasty = { host: hostname, port: Number(port), socketTimeout: 500 };
    expect(timeouts(hasty)).toEqual([500, 500, 500, undefined]);
  });

  it("uses an instance for queues as it is when its settings are right", () => {
    const fit = instance({ maxRetriesPerRequest: null, reconnectOnError: () => 2 });

    expect(connect(fit, "queue")).toEqual({ redis: fit, owned: false });
    expect(connect(fit, "journal").redis).not.toBe(fit);
    expect(connect(fit, "worker").redis).not.toBe(fit);
  });

  it("connects anew and sends again when the master became a replica", () => {
    const { reconnectOnError } = connect(redisUrl(), "queue").redis.options;

    expect(
      reconnectOnError?.(new Error("READONLY You can't write against a read only replica.")),
    ).toBe(2);
    expect(reconnectOnError?.(new Error("ERR no"))).toBe(false);
  });

  it("refuses a keyPrefix and names what to use instead", () => {
    const prefixed = instance({ keyPrefix: "app:", lazyConnect: true });

    expect(() => connectRedis(prefixed, "queue")).toThrow(/keyPrefix, "app:".*namespace/);
    expect(() => connectRedis({ keyPrefix: "app:" }, "journal")).toThrow(TypeError);
  });
});

describe("waitUntilReady", () => {
  it("resolves for a server that is there, over a connection in any state", async () => {
    const lazy = instance({ lazyConnect: true });

    await waitUntilReady(lazy);
    await waitUntilReady(lazy);

    expect(await lazy.ping()).toBe("PONG");
  });

  it("names the address and what to do when nobody listens", async () => {
    const port = await closedPort();
    const { redis } = connect(`redis://user:hunter2@127.0.0.1:${port}`, "journal");

    const ready = waitUntilReady(redis, 2000);

    await expect(ready).rejects.toMatchObject({ code: "STORE", isTransient: true });
    await expect(ready).rejects.toThrow(`Redis at 127.0.0.1:${port} cannot be reached`);
    await expect(ready).rejects.toThrow(/ECONNREFUSED.*Start it/);
    await expect(ready).rejects.not.toThrow(/hunter2/);
  });

  it("does not wait when the server refuses the password", async () => {
    await using server = await startRedis({ args: ["--requirepass", "secret"] });
    const wrong = connect(`redis://:hunter2@127.0.0.1:${server.port}`, "journal").redis;
    const none = connect(server.url, "journal").redis;

    for (const redis of [wrong, none]) {
      const ready = waitUntilReady(redis, 20_000);
      await expect(ready).rejects.toThrow(/refuses the credentials: (?:WRONGPASS|NOAUTH)/);
      await expect(ready).rejects.toMatchObject({ isTransient: false });
    }
  });

  it("rejects when the connection is ended", async () => {
    const { redis } = connect(`redis://127.0.0.1:${await closedPort()}`, "journal");

    const ready = waitUntilReady(redis);
    redis.disconnect();

    await expect(ready).rejects.toThrow(/was ended/);
    await expect(waitUntilReady(redis)).rejects.toThrow(/was ended/);
  });
});

function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
