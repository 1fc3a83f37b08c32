import { type RedisServer, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { measureMemory } from "../src/memory.ts";
import { systems } from "../src/systems.ts";
import { type Traffic, trafficOf } from "../src/traffic.ts";
import { workOff } from "../src/work-off.ts";

const RUNS = 500;
const logger = pino({ level: "silent" });
let server: RedisServer;
let traffic: Traffic;
let keys: string[];

// One worker empties a queue of runs with ten calls each, 50 at once.
beforeAll(async () => {
  server = await startRedis();
  const place = { redisUrl: server.url, namespace: "counted", logger };
  await systems.refrain.enqueue(place, RUNS, { calls: 10, isReconcilable: false });
  traffic = await trafficOf(place, () => workOff("refrain", place, { runs: RUNS }));
  const redis = new Redis(server.url);
  keys = await redis.keys("*");
  redis.disconnect();
});

afterAll(() => server.stop());

test("fifty runs of ten calls at once take at most half a journal script each", () => {
  const perRun = traffic.journalScripts / RUNS;

  expect(perRun).toBeLessThanOrEqual(0.5);
  // So few that they were not counted at all would prove nothing: each batch holds at most 512 entries.
  expect(perRun).toBeGreaterThan(10 / 512);
});

test("fifty runs of ten calls at once take at most 1.2 commands each besides, BullMQ's included", () => {
  expect((traffic.commands - traffic.journalScripts) / RUNS).toBeLessThanOrEqual(1.2);
});

test("a settled run leaves its job and its record, and no other key", () => {
  const ofRuns = keys.filter((key) => /order-\d+/.test(key));

  expect(ofRuns).toHaveLength(2 * RUNS);
  // The layout, and those of the queue.
  expect(keys.length - ofRuns.length).toBeLessThanOrEqual(8);
});

test("what runs take of Redis's memory stays what it is", async () => {
  const figures = await measureMemory({ redisUrl: server.url, settled: 200, logger });

  // A finished job; and beyond it a record, and the preview of its input.
  expect(figures.settledRun / figures.job).toBeLessThanOrEqual(1.3);
  expect(figures.record).toBeLessThanOrEqual(352);
  // Ten calls: results of 100 bytes, and what tells them from others. A journal of results alone takes 1751.
  expect(figures.journal).toBeLessThan(2300);
  expect(figures.settledRun).toBeGreaterThan(figures.job);
});
