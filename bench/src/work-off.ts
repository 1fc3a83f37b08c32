import { Redis } from "ioredis";
import type { SystemName } from "./contenders.ts";
import { Gauge, type Length, type Sample } from "./gauge.ts";
import type { Place } from "./system.ts";
import { systems } from "./systems.ts";

/** Has one worker in this process empty a queue, and measures it. */
export async function workOff(system: SystemName, place: Place, length: Length): Promise<Sample> {
  const redis = new Redis(place.redisUrl);
  const gauge = new Gauge(redis, length);
  const stop = await systems[system].start(place, gauge);
  const sample = await gauge.sample;
  await stop();
  redis.disconnect();
  return sample;
}
