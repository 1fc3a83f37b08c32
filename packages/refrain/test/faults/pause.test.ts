import { startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { createClient } from "refrain";
import { expect, test } from "vitest";
import { enqueueLoad, flawsOf, LOCKS, Load } from "./load.ts";

const RUNS = 40;
const LONGER_THAN_A_LOCK = LOCKS.lockDurationMs + 400;
type Server = Awaited<ReturnType<typeof startRedis>>;

/** The time that passes is the fault. */
const elapsed = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What keeps a server from answering for longer than a lock lasts. */
const PAUSES: Readonly<Record<string, (server: Server) => Promise<void>>> = {
  SIGSTOP: async (server) => {
    server.pause();
    await elapsed(LONGER_THAN_A_LOCK);
    server.resume();
  },
  "CLIENT PAUSE": async (server) => {
    const redis = new Redis(server.url);
    await redis.call("CLIENT", "PAUSE", LONGER_THAN_A_LOCK, "ALL");
    redis.disconnect();
    await elapsed(LONGER_THAN_A_LOCK);
  },
};

test.concurrent.each(Object.entries(PAUSES))(
  "F27 a Redis that stands still (%s) for longer than a lock makes two owners, of whom one is fenced",
  async (_, pause) => {
    await using server = await startRedis();
    await using work = new Load();
    for (let workers = 0; workers < 2; workers++) {
      await work.worker({ connection: server.url }).ready();
    }
    const client = createClient({ connection: server.url });
    const runs = await enqueueLoad(client, RUNS);

    for (let pauses = 1; pauses <= 2; pauses++) {
      await work.untilEffects(30 * pauses);
      await pause(server);
    }
    const outputs = await work.outcomes(runs, 30_000);

    expect(flawsOf(work, outputs)).toEqual([]);
    expect(work.attempts).toBeGreaterThan(RUNS);
    expect([...work.lost.keys()].filter((reason) => reason !== "gap")).not.toEqual([]);
    await client.close();
  },
  60_000,
);
