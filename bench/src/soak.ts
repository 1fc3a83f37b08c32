// Steady arrivals over worker processes that are killed now and then: nothing may get lost, doubled, or ever larger.
import { writeFile } from "node:fs/promises";
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import { type Client, createClient } from "refrain";
import { arriveSteadily, every } from "./arrivals.ts";
import { soakAction } from "./soak/action.ts";
import { Fleet } from "./soak/fleet.ts";
import type { FromWorker, ToWorker } from "./soak/messages.ts";
import { readSoakOptions, type SoakOptions, USAGE } from "./soak/options.ts";
import { OutsideWorld } from "./soak/outside-world.ts";
import { judgeSoak } from "./soak/verdict.ts";
import { type Check, Watch } from "./soak/watch.ts";

const CHECK_EVERY_MS = 10_000;
const ARRIVE_EVERY_MS = 100;
/** How long the last runs may take: a killed worker's come back after its lock has lapsed. */
const TAIL_MS = 120_000;
const CONCURRENCY = "50";

async function soak(options: SoakOptions): Promise<boolean> {
  const { redisUrl, workers, minutes } = options;
  const namespace = `soak-${process.pid}`;
  const latencies = createHistogram();
  const world: OutsideWorld = new OutsideWorld((pid) => fleet.wasKilled(pid));
  const fleet: Fleet = await Fleet.start({
    size: workers,
    args: [redisUrl, namespace, CONCURRENCY],
    onMessage: (message, pid, answer) => void hear(world, latencies, message, pid, answer),
  });
  const client = createClient({ connection: redisUrl, namespace });
  const redis = new Redis(redisUrl);
  const watch = new Watch(redis, namespace);
  const until = performance.now() + minutes * 60_000;
  await Promise.all([
    arriveSteadily({ rate: options.rate, until, everyMs: ARRIVE_EVERY_MS }, (from, count) =>
      enqueue(client, world, from, count),
    ),
    every(options.killEverySeconds * 1000, until, async () => fleet.kill()),
    every(CHECK_EVERY_MS, until, async () => print(await watch.look(fleet, world), fleet, world)),
  ]);
  await untilSettled(watch, world);
  await fleet.close();
  world.judge({ all: true });
  const { lines, isGood } = judgeSoak(watch, world, fleet);
  console.log([...lines.slice(0, -1), latencyLine(latencies), lines.at(-1)].join("\n"));
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify({ options, lines, checks: watch.checks })}\n`);
  }
  await client.close();
  redis.disconnect();
  return isGood;
}

async function hear(
  world: OutsideWorld,
  latencies: RecordableHistogram,
  message: FromWorker,
  pid: number,
  answer: (message: ToWorker) => void,
): Promise<void> {
  if (message.kind === "settled") {
    const ms = world.settled(message.runId, message.status);
    if (ms !== undefined) latencies.record(Math.max(1, Math.round(ms)));
  }
  if (message.kind === "lost") world.lost(message.runId, pid);
  if (message.kind !== "ask") return;
  const { id, what, runId, slot } = message;
  const value = what === "effect" ? await world.effect(runId, slot, pid) : world.find(runId, slot);
  answer({ kind: "answer", id, value });
}

function enqueue(
  client: Client,
  world: OutsideWorld,
  from: number,
  count: number,
): Promise<unknown> {
  const runIds = Array.from({ length: count }, (_, index) => `soak-${from + index}`);
  for (const runId of runIds) world.expect(runId);
  return client.enqueueMany(
    soakAction,
    runIds.map((runId) => ({ input: runId, runId })),
  );
}

/** Runs that are still there afterwards are judged as they are: never settled. */
async function untilSettled(watch: Watch, world: OutsideWorld): Promise<void> {
  const deadline = performance.now() + TAIL_MS;
  while ((await watch.live()) > 0 && performance.now() < deadline) await pause(200);
  // What the last of them said is under way.
  await pause(1000);
  await watch.lookUpSilent(world);
}

function print(check: Check, fleet: Fleet, world: OutsideWorld): void {
  const { minute, rssMb, heapMb, redisMb, keys, live } = check;
  console.log(
    `${minute.toFixed(1).padStart(5)} min  worker ${rssMb.toFixed(1)} MB (heap ${heapMb.toFixed(1)})  Redis ${redisMb.toFixed(1)} MB, ${keys} keys, ${live} live  judged ${world.judged}, kills ${fleet.kills}, wrong ${world.breaches.length}`,
  );
}

function latencyLine(latencies: RecordableHistogram): string {
  const at = (percentile: number): string =>
    `p${percentile} ${latencies.percentile(percentile)} ms`;
  return `from arrival to settlement: ${[50, 99, 99.9].map(at).join(", ")}; killed workers' runs wait for their locks to lapse`;
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--help")) return console.log(USAGE);
  process.exitCode = (await soak(readSoakOptions(args, process.env))) ? 0 : 1;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n${USAGE}` : error);
  process.exitCode = 1;
}
