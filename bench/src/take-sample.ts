import { Redis } from "ioredis";
import type { Child } from "./child.ts";
import { type Contender, runsOf } from "./contenders.ts";
import type { Sample } from "./gauge.ts";
import { removeKeys } from "./remove-keys.ts";
import { systems } from "./systems.ts";
import { type Traffic, trafficOf } from "./traffic.ts";

const COUNTED = 2000;
const NAMESPACE = `bench-${process.pid}`;

/** Fills a queue, has the worker process empty it, and clears away what both left. What the worker does of its second half is measured. */
export async function takeSample(
  child: Child,
  redisUrl: string,
  { system, calls, isReconcilable }: Contender,
  base: number,
): Promise<Sample> {
  const place = { redisUrl, namespace: NAMESPACE };
  const work = { calls, isReconcilable };
  const runs = runsOf(work, base);
  await systems[system].enqueue(place, 2 * runs, work);
  const sample = await child.ask({ task: "sample", system, place, warmUp: runs, runs });
  const redis = new Redis(redisUrl);
  await removeKeys(redis, `{${NAMESPACE}:*`);
  redis.disconnect();
  return sample;
}

/** What one worker sends while it works off runs of W(10), per run. */
export async function takeCounts(child: Child, redisUrl: string): Promise<Traffic> {
  const place = { redisUrl, namespace: NAMESPACE };
  await systems.refrain.enqueue(place, COUNTED, { calls: 10, isReconcilable: false });
  const { journalScripts, commands } = await trafficOf(place, () =>
    child.ask({ task: "sample", system: "refrain", place, runs: COUNTED }),
  );
  const redis = new Redis(redisUrl);
  await removeKeys(redis, `{${NAMESPACE}:*`);
  redis.disconnect();
  return { journalScripts: journalScripts / COUNTED, commands: commands / COUNTED };
}
