import { inspect } from "node:util";
import { growShards, RedisStore } from "@refrain/redis-store";
import { RedisCluster, type RedisServer, startRedis } from "@refrain/testkit";
import { Cluster, Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type StartBoardOptions, type StartedBoard, startBoard } from "../src/index.ts";

interface QueuesReply {
  readonly queues: readonly { readonly name: string }[];
}

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

const started: StartedBoard[] = [];
afterEach(async () => {
  for (const board of started.splice(0)) await board.close();
});

async function start(options: Partial<StartBoardOptions> = {}): Promise<StartedBoard> {
  const connected = { connection: server.url, queues: ["default"], ...options };
  const board = await startBoard(connected as StartBoardOptions);
  started.push(board);
  return board;
}

describe("startBoard", () => {
  it("takes a Cluster, whose nodes it asks for the queues of every shard", async () => {
    await using servers = await RedisCluster.start();
    const connection = new Cluster(servers.seeds, { lazyConnect: true });
    const { url } = await start({ connection, shards: 3 });

    const { queues } = (await (await fetch(`${url}api/queues`)).json()) as QueuesReply;

    expect(queues.map(({ name }) => name)).toEqual([
      "shard-0.default",
      "shard-1.default",
      "shard-2.default",
    ]);
  });

  it("serves on loopback, on a free port, unless told otherwise", async () => {
    const { url } = await start();

    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect((await fetch(url)).status).toBe(200);
  });

  it("serves an address of IPv6, and under a path", async () => {
    const { url } = await start({ host: "::1", basePath: "/ops/runs" });

    expect(url).toMatch(/^http:\/\/\[::1\]:\d+\/ops\/runs$/);
    expect((await fetch(url)).status).toBe(200);
  });

  it.each(["0.0.0.0", "::", "192.0.2.1", "board.example"])(
    "refuses to start on %s without auth, and says what to do",
    async (host) => {
      const starting = start({ host });

      await expect(starting).rejects.toThrow(TypeError);
      await expect(starting).rejects.toThrow(/needs auth: pass auth: \{ username, password \}/);
    },
  );

  it("starts anywhere with auth, and asks everybody for it", async () => {
    const auth = { username: "ops", password: "correct horse" };
    const { url } = await start({ host: "0.0.0.0", auth });
    const near = url.replace("0.0.0.0", "127.0.0.1");
    const headers = { Authorization: `Basic ${btoa("ops:correct horse")}` };

    expect((await fetch(near)).status).toBe(401);
    expect((await fetch(near, { headers })).status).toBe(200);
  });

  it("refuses a request that reaches it under another name", async () => {
    const { url } = await start();

    const status = await statusFor(url, "evil.example");

    expect(status).toBe(403);
  });

  it("ends its server and its connections when closed, with a page still open", async () => {
    const board = await startBoard({ connection: server.url, queues: ["default"] });
    const { url } = board;
    await fetch(url);

    await board.close();

    await expect(fetch(url)).rejects.toThrow(/fetch failed/);
  });

  it("F28 keeps a refused password out of its error", async () => {
    const connection = `redis://nobody:hunter2@127.0.0.1:${server.port}`;

    const refusal = inspect(await start({ connection }).catch((error: unknown) => error), {
      depth: 10,
    });

    expect(refusal).toMatch(/refuses the credentials: WRONGPASS/);
    expect(refusal).not.toContain("hunter2");
  });

  it("says within seconds that there is no Redis", async () => {
    const starting = start({ connection: "redis://127.0.0.1:1" });

    await expect(starting).rejects.toThrow(/Redis at 127\.0\.0\.1:1 cannot be reached/);
  });

  it("does not keep a page waiting for a Redis that says nothing", async () => {
    await using mute = await startRedis();
    const { url } = await start({ connection: mute.url });
    mute.pause();

    const response = await fetch(`${url}api/queues`);
    mute.resume();

    expect(response.status).toBe(504);
    expect(await response.json()).toEqual({
      error: "Redis does not answer. The page tries again by itself.",
    });
  });

  it("writes nothing to Redis", async () => {
    const client = new Redis(server.url);
    await client.flushall();
    const { url } = await start({ queues: ["default", "mail"], shards: 2 });

    const response = await fetch(`${url}api/queues`);
    const keys = await client.keys("*");
    client.disconnect();

    expect(keys).toEqual([]);
    expect(await response.json()).toMatchObject({
      queues: [
        { name: "shard-0.default" },
        { name: "shard-0.mail" },
        { name: "shard-1.default" },
        { name: "shard-1.mail" },
      ],
    });
  });

  it("refuses a number of shards that is not the namespace's", async () => {
    const redis = new Redis(server.url, { maxRetriesPerRequest: null });
    const store = new RedisStore({ redis, namespace: "wide", shards: 4 });
    await store.ready();
    redis.disconnect();

    await expect(start({ namespace: "wide", shards: 1 })).rejects.toThrow(/in 4 shards, not 1/);
  });

  it("shows the shards that there are, and those that are added while it is open", async () => {
    const redis = new Redis(server.url, { maxRetriesPerRequest: null });
    const store = new RedisStore({ redis, namespace: "grows" });
    await store.ready();
    const { url } = await start({ namespace: "grows" });
    const shown = async (at: string): Promise<string[]> => {
      const response = await fetch(`${at}api/queues`);
      const { queues } = (await response.json()) as { queues: { name: string }[] };
      return queues.map(({ name }) => name);
    };

    const before = await shown(url);
    await growShards({ redis, namespace: "grows", shards: 2 });
    const after = await shown(url);
    const another = await start({ namespace: "grows" });
    redis.disconnect();

    expect(before).toEqual(["default"]);
    expect(after).toEqual(["shard-0.default", "shard-1.default"]);
    expect(await shown(another.url)).toEqual(after);
  });

  it("refuses options it does not know, and queues that are none", async () => {
    await expect(start({ hosts: "x" } as Partial<StartBoardOptions>)).rejects.toThrow(
      /unknown option/,
    );
    await expect(start({ queues: undefined } as never)).rejects.toThrow(/queues must be an array/);
    await expect(start({ queues: ["live"] })).rejects.toThrow(/queue cannot be named "live"/);
  });
});

/** `fetch` sets the Host header by itself. */
async function statusFor(url: string, host: string): Promise<number | undefined> {
  const { get } = await import("node:http");
  return new Promise((resolve, reject) => {
    get(url, { headers: { Host: host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });
}
