import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { describe, expect, it, vi } from "vitest";
import { eventually } from "../src/eventually.ts";
import { startRedis } from "../src/start-redis.ts";

describe("startRedis", () => {
  it("gives a server that keeps what it acknowledged over a crash", async () => {
    await using server = await startRedis({ appendfsync: "always" });
    await withClient(server.url, (redis) => redis.set("key", "value"));

    await server.kill();
    await server.restart();

    expect(await withClient(server.url, (redis) => redis.get("key"))).toBe("value");
  });

  it("gives a server that can stand still and go on", async () => {
    await using server = await startRedis();
    await withClient(server.url, async (redis) => {
      server.pause();
      let isAnswered = false;
      const answer = redis.ping().finally(() => {
        isAnswered = true;
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(isAnswered).toBe(false);

      server.resume();
      await answer;
    });
  });

  it("removes what it put on disk", async () => {
    const server = await startRedis();
    expect(existsSync(server.dir)).toBe(true);

    await server.stop();

    expect(existsSync(server.dir)).toBe(false);
    await server.stop();
  });

  it("gives a node of a cluster that owns every slot, also after a restart", async () => {
    await using server = await startRedis({ cluster: true });
    await withClient(server.url, (redis) => redis.set("{a}:key", "value"));

    await server.restart();

    const [info, value] = await withClient(server.url, async (redis) => [
      await redis.cluster("INFO"),
      await redis.get("{a}:key"),
    ]);
    expect(info).toContain("cluster_slots_ok:16384");
    expect(value).toBe("value");
  });

  it("leaves neither server nor directory behind when its process is killed", async () => {
    const script = fileURLToPath(new URL("./programs/start-redis.ts", import.meta.url));
    const child = spawn(process.execPath, ["--import", "tsx", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const { url, dir } = JSON.parse(String(line)) as { url: string; dir: string };
    expect(await withClient(url, (redis) => redis.ping())).toBe("PONG");

    child.kill("SIGKILL");

    await eventually(async () => {
      expect(existsSync(dir)).toBe(false);
      await expect(withClient(url, (redis) => redis.ping())).rejects.toThrow(
        /Connection is closed|max retries/,
      );
    });
  });

  it("says what to do when there is no server to start, and leaves no directory behind", async () => {
    const temporary = mkdtempSync(path.join(os.tmpdir(), "refrain-"));
    vi.stubEnv("REDIS_SERVER_BIN", "/nowhere/redis-server");
    vi.stubEnv("TMPDIR", temporary);

    await expect(startRedis()).rejects.toThrow(/REDIS_SERVER_BIN/);

    expect(readdirSync(temporary)).toEqual([]);
    vi.unstubAllEnvs();
    rmdirSync(temporary);
  });
});

async function withClient<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null });
  redis.on("error", () => {});
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}
