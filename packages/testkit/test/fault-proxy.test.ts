import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FaultProxy } from "../src/fault-proxy.ts";
import { type RedisServer, startRedis } from "../src/start-redis.ts";

describe("FaultProxy", () => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let direct: Redis;
  let client: Redis;

  beforeAll(async () => {
    server = await startRedis();
    direct = new Redis(server.url);
  });
  afterAll(async () => {
    direct.disconnect();
    await server.stop();
  });
  beforeEach(async () => {
    await direct.flushall();
    proxy = await FaultProxy.start({ port: server.port });
    client = new Redis(proxy.url, { maxRetriesPerRequest: 0, retryStrategy: () => 1 });
    client.on("error", () => {});
    await client.ping();
  });
  afterEach(async () => {
    client.disconnect();
    await proxy.close();
  });

  it("passes commands and replies on", async () => {
    await client.set("key", "value");

    expect(await direct.get("key")).toBe("value");
  });

  it("cuts before a command, which the server then never sees", async () => {
    proxy.cutBefore("marker");

    await expect(client.incr("marker")).rejects.toThrow(/max retries/);

    expect(await direct.get("marker")).toBeNull();
    expect(proxy.cuts).toBe(1);
    expect(await client.incr("marker")).toBe(1);
  });

  it("cuts after a command, whose reply is lost", async () => {
    proxy.cutAfter("marker");

    await expect(client.incr("marker")).rejects.toThrow(/max retries/);

    expect(await direct.get("marker")).toBe("1");
    expect(proxy.cuts).toBe(1);
  });

  it("cuts before a command, which the server sees when it is told to", async () => {
    proxy.cutLate("marker");
    const cut = proxy.nextCut();

    await expect(client.append("marker", "late")).rejects.toThrow(/max retries/);
    await cut;
    await client.set("marker", "first ");
    await proxy.arrive();

    expect(await direct.get("marker")).toBe("first late");
    expect([proxy.cuts, proxy.late]).toEqual([1, 1]);
  });

  it("leaves connections open and dead, while new ones work", async () => {
    proxy.forget();
    const lost = client.incr("key");
    lost.catch(() => {});
    await using other = Object.assign(new Redis(proxy.url), {
      [Symbol.asyncDispose]: async () => other.disconnect(),
    });

    expect(await other.ping()).toBe("PONG");
    expect([await direct.get("key"), client.status]).toEqual([null, "ready"]);
    expect(proxy.accepted).toBe(2);
  });

  it("swallows everything in a black hole, and connections stay open", async () => {
    proxy.blackHole();
    let isSettled = false;
    const lost = client.incr("key").finally(() => {
      isSettled = true;
    });
    lost.catch(() => {});

    expect(await direct.ping()).toBe("PONG");
    expect([isSettled, client.status]).toEqual([false, "ready"]);

    proxy.heal();
    proxy.cutAll();
    await expect(lost).rejects.toThrow(/max retries/);
    expect(await direct.get("key")).toBeNull();
  });

  it("delays what passes", async () => {
    proxy.delay(20);
    const before = performance.now();

    await client.ping();

    // Once on the way there and once on the way back; timers may be a millisecond early.
    expect(performance.now() - before).toBeGreaterThanOrEqual(38);
  });

  it("refuses connections, and sends new ones elsewhere when told to", async () => {
    await using other = await startRedis();
    proxy.refuse();
    await expect(client.ping()).rejects.toThrow(/max retries/);

    proxy.heal();
    proxy.retarget(other.port);
    await new Promise((resolve) => client.once("ready", resolve));
    await client.set("key", "elsewhere");

    expect(await direct.get("key")).toBeNull();
  });
});
