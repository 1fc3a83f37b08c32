import { startRedis } from "@refrain/testkit";
import { Cluster, type Command, Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { RedisStore } from "../src/index.ts";
import { openNamespace, redisUrl } from "./open-namespace.ts";
import { claimedRun, openStore, recordGroup, words } from "./store-bench.ts";

/** Answers WAITAOF itself: servers before 7.2 cannot. */
class AnsweringRedis extends Redis {
  readonly asked: unknown[][] = [];
  answers: number[][] = [];

  override sendCommand(command: Command): unknown {
    if (command.name !== "waitaof") return super.sendCommand(command);
    this.asked.push([command.name, ...command.args.map(String)]);
    command.toWritable(this.stream);
    command.resolve(this.answers.shift());
    return command.promise;
  }
}

const idle = new Redis({ lazyConnect: true });

describe("durability", () => {
  it("asks for WAITAOF where the disk must have it, which Redis 7.0 has not", async () => {
    const { redis, namespace, close } = await openNamespace();
    const store = new RedisStore({ redis, namespace, durability: { fsync: true } });
    const [, major, minor] = /redis_version:(\d+)\.(\d+)/.exec(await redis.info()) ?? [];
    const isKnown = Number(major) * 100 + Number(minor) >= 702;
    const said = await store.ready().then(
      () => "ready",
      (error: unknown) => `${Reflect.get(error as object, "code")}: ${String(error)}`,
    );

    expect(said).toMatch(
      isKnown ? /ready/ : /STORE: .*needs Redis 7\.2 .*appendfsync always.*unknown command/s,
    );
    await close();
  });

  it.each([
    [{}, "asks for nothing"],
    [{ replicas: 0 }, "from 1 to 100"],
    [{ replicas: 1.5 }, "from 1 to 100"],
    [{ fsync: false }, "must be true"],
    [{ replica: 1 }, 'unknown option "replica"'],
  ])("refuses %o", (durability, message) => {
    const create = () => new RedisStore({ redis: idle, durability: durability as never });

    expect(create).toThrow(TypeError);
    expect(create).toThrow(message);
  });

  it("asks for the disk behind each batch, and again until the server says that it is there", async () => {
    const redis = new AnsweringRedis(redisUrl(), { maxRetriesPerRequest: null });
    redis.answers = [
      [0, 0],
      [1, 0],
    ];
    await using bench = await openStore({ redis });
    const { delivery } = await claimedRun(bench);
    const safe = await openStore({
      redis,
      namespace: bench.namespace,
      durability: { fsync: true },
    });

    const replies = await safe.port.send([recordGroup(delivery, 1)]);

    expect(words(replies)).toEqual(["applied"]);
    expect(redis.asked).toEqual([
      ["waitaof", "1", "0", "500"],
      ["waitaof", "1", "0", "500"],
    ]);
    redis.disconnect();
  });

  it("F29 is refused at the start to a user who may not wait", async () => {
    await using server = await startRedis();
    const admin = new Redis(server.url);
    await admin.acl("SETUSER", "hasty", "on", "nopass", "allkeys", "+@all", "-wait");
    const redis = new Redis(`redis://hasty:x@127.0.0.1:${server.port}`);

    const ready = new RedisStore({ redis, durability: { replicas: 1 } }).ready();

    await expect(ready).rejects.toThrow(/a user who may ask it to \(WAIT\): NOPERM/);
    for (const connection of [admin, redis]) connection.disconnect();
  });

  it("is not for clusters", () => {
    const redis = new Cluster([], { lazyConnect: true });

    expect(() => new RedisStore({ redis, durability: { replicas: 1 } })).toThrow(
      /cannot be waited for over a cluster/,
    );
    redis.disconnect();
  });
});
