import { startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { durabilityOf, type JudgeOptions, possibleLoss, readServerInfo } from "../src/index.ts";
import { judgeConnection, judgeServer } from "../src/judge-server.ts";

function judge(lines: Readonly<Record<string, string>>, options?: JudgeOptions): string[] {
  const info = new Map(Object.entries({ redis_version: "7.2.4", ...lines }));
  return judgeServer(info, options).map(
    ({ severity, problem, fix }) => `${severity}: ${problem}. ${fix}`,
  );
}

describe("judgeServer", () => {
  it("finds nothing wrong with a server as it should be, of which only INFO is asked", async () => {
    await using server = await startRedis();
    const redis = new Redis(server.url);
    await redis.acl("SETUSER", "inspector", "on", ">secret", "-@all", "+info", "+hello");
    const inspector = new Redis(`redis://inspector:secret@127.0.0.1:${server.port}`);

    const info = await readServerInfo(inspector);

    expect(judgeServer(info, { isProduction: true })).toEqual([]);
    expect(durabilityOf(info)).toBe("append-only");
    for (const connection of [redis, inspector]) connection.disconnect();
  });

  it("finds a real server that evicts, forgets and follows", async () => {
    await using master = await startRedis();
    await using server = await startRedis({
      args: ["--appendonly", "no", "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"],
    });
    const redis = new Redis(server.url);
    await redis.replicaof("127.0.0.1", master.port);

    const found = judgeServer(await readServerInfo(redis));

    expect(found).toEqual([
      expect.objectContaining({ severity: "error", fix: "Connect to its master" }),
      expect.objectContaining({ severity: "error", fix: "Set `maxmemory-policy noeviction`" }),
      expect.objectContaining({ severity: "warning", fix: "Set `appendonly yes`" }),
    ]);
    redis.disconnect();
  });

  it("knows which versions will do", () => {
    expect(judge({ redis_version: "6.2.14" })).toEqual([
      "error: Redis 6.2.14 is too old. Use Redis 7.0 or newer, or Valkey",
    ]);
    expect(judge({ redis_version: "7.2.4", valkey_version: "9.0.0" })).toEqual([]);
    expect(judge({ redis_version: "10.0.1" })).toEqual([]);
  });

  it("only warns of eviction that cannot happen yet, and takes silence for yes", () => {
    expect(judge({ maxmemory: "0", maxmemory_policy: "allkeys-lru" })).toEqual([
      expect.stringMatching(/^warning: .*allkeys-lru/),
    ]);
    expect(judge({ maxmemory: "100", maxmemory_policy: "volatile-ttl" })).toEqual([
      expect.stringMatching(/^error: .*volatile-ttl/),
    ]);
    expect(judge({})).toEqual([]);
  });

  it("warns of a server that keeps runs in memory, and in production refuses it unless that is accepted", () => {
    const volatile = { aof_enabled: "0", rdb_saves: "0" };
    const accepted = { isProduction: true, acceptRisks: ["no-persistence"] } as const;

    expect(judge(volatile)).toEqual([expect.stringMatching(/^warning: .*loses every run\. Set/)]);
    expect(judge({ ...volatile, rdb_saves: "3" })).toEqual([
      expect.stringMatching(/^warning: .*since its last snapshot/),
    ]);
    expect(judge(volatile, { isProduction: true })).toEqual([
      expect.stringMatching(/^error: .*or accept it: acceptRisks: \["no-persistence"\]/),
    ]);
    expect(judge(volatile, accepted)).toEqual([]);
  });

  it("warns of files that could not be written, and of memory that is nearly used up", () => {
    const failed = { aof_last_write_status: "err", rdb_last_bgsave_status: "err" };

    expect(judge(failed)).toEqual([
      expect.stringMatching(/^warning: the server could not write the append-only file/),
      expect.stringMatching(/^warning: the server could not write its last snapshot/),
    ]);
    expect(judge({ maxmemory: "1000", used_memory: "950" })).toEqual([
      expect.stringMatching(/^warning: 95 % of maxmemory/),
    ]);
    expect(judge({ maxmemory: "1000", used_memory: "500" })).toEqual([]);
  });
});

describe("judgeConnection", () => {
  const production = { isProduction: true };

  it("warns of plaintext to another machine, in production only, unless that is accepted", () => {
    const away = { host: "redis.example.org" };

    expect(judgeConnection(away, production)).toEqual([
      expect.objectContaining({ severity: "warning", fix: expect.stringContaining("rediss://") }),
    ]);
    expect(judgeConnection(away)).toEqual([]);
    expect(judgeConnection({ ...away, tls: {} }, production)).toEqual([]);
    expect(judgeConnection(away, { ...production, acceptRisks: ["plaintext"] })).toEqual([]);
  });

  it("knows what does not leave the machine", () => {
    for (const host of ["localhost", "127.0.0.1", "127.3.2.1", "::1"]) {
      expect(judgeConnection({ host }, production)).toEqual([]);
    }
    expect(judgeConnection({ path: "/run/redis.sock" }, production)).toEqual([]);
    expect(judgeConnection({ host: "127.0.0.1.example.org" }, production)).toHaveLength(1);
    const sentinels = [{ host: "127.0.0.1" }, { host: "10.0.0.5" }];
    expect(judgeConnection({ sentinels, name: "m" }, production)).toHaveLength(1);
  });
});

describe("possibleLoss", () => {
  it("says what a crash, a power loss and a failover can take", () => {
    const volatile = new Map([["aof_enabled", "0"]]);
    const replicated = new Map([
      ["aof_enabled", "1"],
      ["connected_slaves", "1"],
      ["min_slaves_good_slaves", "1"],
    ]);

    expect(possibleLoss(volatile)).toMatchObject({ crash: "everything", powerLoss: "everything" });
    expect(possibleLoss(replicated, "always")).toEqual({
      crash: "nothing acknowledged",
      powerLoss: expect.stringContaining("nothing acknowledged"),
      failover: expect.stringContaining("writes stop when no replica is near"),
    });
    expect(possibleLoss(replicated, "everysec").powerLoss).toBe("the last 1 to 2 seconds");
    expect(possibleLoss(replicated).powerLoss).toContain("may not be asked for");
  });
});
