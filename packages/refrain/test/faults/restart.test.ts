import { type RedisServer, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { createClient } from "refrain";
import { expect, test } from "vitest";
import { enqueueLoad, flawsOf, LOCKS, Load } from "./load.ts";

const RUNS = 60;
/** How long Redis stays away at each of its deaths, ms; the first time for longer than a lock lasts. */
const ABSENCES = [LOCKS.lockDurationMs + 300, 0, 50, 0];

async function kill(server: RedisServer, awayMs: number): Promise<void> {
  const redis = new Redis(server.url);
  const [, policy] = await redis.config("GET", "appendfsync");
  // While such a server flushes, it holds back what it appends: what it had not written yet is no part of this.
  if (policy === "everysec") await redis.config("SET", "appendfsync", "no");
  await server.kill();
  redis.disconnect();
  await new Promise((resolve) => setTimeout(resolve, awayMs));
  await server.restart();
}

test.concurrent.each(["everysec", "always"] as const)(
  "F4 a Redis that is killed again and again (appendfsync %s) loses nothing that it had written to its file",
  async (appendfsync) => {
    await using server = await startRedis({ appendfsync });
    await using work = new Load();
    await work.worker({ connection: server.url }).ready();
    await work.worker({ connection: server.url }).ready();
    const client = createClient({ connection: server.url });
    const runs = await enqueueLoad(client, RUNS);

    for (const [deaths, awayMs] of ABSENCES.entries()) {
      await work.untilEffects(50 * (deaths + 1));
      await kill(server, awayMs);
    }
    const outputs = await work.outcomes(runs, 30_000);

    expect(flawsOf(work, outputs)).toEqual([]);
    expect(outputs.size).toBe(RUNS);
    expect(work.lost.get("gap") ?? 0).toBe(0);
    expect(work.attempts).toBeGreaterThan(RUNS);
    await client.close();
  },
  60_000,
);
