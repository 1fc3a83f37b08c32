import { type Clock, systemClock } from "@refrain/core";
import { type RedisServer, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ServerClock } from "../src/server-clock.ts";

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

/** How far a clock is taken to be ahead of Redis's, and what was said of it. */
async function measure(clock: Clock): Promise<{ leadMs: number; said: string }> {
  const lines: string[] = [];
  const logger = pino({}, { write: (line) => lines.push(line) });
  const leadMs = await new ServerClock(redis, clock, logger).leadMs();
  return { leadMs, said: lines.join("") };
}

/** This machine's, wrong by so much, or by more with every look at it. */
function clockAhead(ms: number, perLookMs = 0): Clock {
  let looks = 0;
  return { ...systemClock, now: () => systemClock.now() + ms + perLookMs * looks++ };
}

it.each([-5000, 5000])("a clock that is wrong by %i ms is found out", async (ms) => {
  const { leadMs, said } = await measure(clockAhead(ms));

  expect(Math.abs(leadMs - ms)).toBeLessThan(1000);
  expect(said).toContain("clock and Redis's differ by more than a second");
});

it("an answer that took long, as after a failover, is not taken for a wrong clock", async () => {
  expect(await measure(clockAhead(0, 8000))).toEqual({ leadMs: 0, said: "" });
});

it("clocks that are less than a second apart agree", async () => {
  expect(await measure(clockAhead(300))).toEqual({ leadMs: 0, said: "" });
});
