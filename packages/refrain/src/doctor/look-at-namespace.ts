import { jobIdOf } from "@refrain/client";
import {
  allShards,
  LAYOUT_VERSION,
  type Layout,
  type RedisClient,
  readLayout,
  ShardKeys,
} from "@refrain/redis-store";
import type { NamespaceFacts, OldestRun, Problem, QueueFacts, WithoutJob } from "./diagnosis.ts";
import { lookAtQueue } from "./look-at-queue.ts";

/** A live run, and where its job should be. */
interface Sampled {
  readonly runId: string;
  readonly action: string;
  readonly queue: string;
  readonly createdAt: number;
  readonly keys: ShardKeys;
}

/** Live runs that are looked at one by one; the oldest, for they are the ones in trouble. */
const SAMPLE = 200;

export async function lookAtNamespace(
  redis: RedisClient,
  name: string,
  queues: readonly string[],
): Promise<NamespaceFacts> {
  const layout = await readLayout(redis, name);
  const isKnown = layout !== undefined && layout.version === LAYOUT_VERSION;
  const shards = Array.from(
    { length: isKnown ? allShards(layout) : 0 },
    (_, shard) => new ShardKeys(name, shard),
  );
  const sampled = (await Promise.all(shards.map((keys) => sample(redis, keys)))).flat();
  sampled.sort((a, b) => a.createdAt - b.createdAt);
  const names = new Set(["default", ...queues, ...sampled.map(({ queue }) => queue)]);
  const now = await serverNow(redis);
  const counts = await Promise.all(shards.map((keys) => redis.zcard(keys.live)));
  const facts = await Promise.all(Array.from(names, (queue) => lookAtQueue(redis, shards, queue)));
  return {
    name,
    layout,
    liveRuns: counts.reduce((sum, count) => sum + count, 0),
    oldestLiveRun: oldest(sampled, now),
    queues: facts.flatMap((queue) => queue ?? []),
    withoutJob: await findWithoutJob(redis, sampled, now),
  };
}

/** Of a run that names none. */
const DEFAULT_QUEUE = "default";

async function sample(redis: RedisClient, keys: ShardKeys): Promise<Sampled[]> {
  const flat = await redis.zrange(keys.live, "0", `${SAMPLE - 1}`, "WITHSCORES");
  const ids = flat.filter((_, index) => index % 2 === 0);
  const fields = await Promise.all(
    ids.map((runId) => redis.hmget(keys.of(runId).run, "action", "queue")),
  );
  return ids.flatMap((runId, index) => {
    const [action, queue] = fields[index] ?? [];
    const createdAt = Number(flat[index * 2 + 1]);
    return action ? [{ runId, action, queue: queue ?? DEFAULT_QUEUE, createdAt, keys }] : [];
  });
}

function oldest([first]: readonly Sampled[], now: number): OldestRun | undefined {
  if (first === undefined) return undefined;
  return { runId: first.runId, action: first.action, ageMs: Math.max(0, now - first.createdAt) };
}

/** A job may take a moment to be added, or to be finished. */
const YOUNG_MS = 30_000;

async function findWithoutJob(
  redis: RedisClient,
  sampled: readonly Sampled[],
  now: number,
): Promise<WithoutJob> {
  const grown = sampled.filter(({ createdAt }) => now - createdAt > YOUNG_MS);
  const isLost = await Promise.all(grown.map((run) => hasLostJob(redis, run)));
  const lost = grown.filter((_, index) => isLost[index]);
  // Whoever settled meanwhile needs no job any more.
  const scores = await Promise.all(lost.map(({ keys, runId }) => redis.zscore(keys.live, runId)));
  const runIds = lost.filter((_, index) => scores[index] !== null).map(({ runId }) => runId);
  return { lookedAt: grown.length, runIds };
}

async function hasLostJob(redis: RedisClient, { keys, queue, runId }: Sampled): Promise<boolean> {
  const [at, jobId] = [`${keys.prefix}:${queue}`, jobIdOf(runId)];
  const [exists, completed, failed] = await Promise.all([
    redis.exists(`${at}:${jobId}`),
    redis.zscore(`${at}:completed`, jobId),
    redis.zscore(`${at}:failed`, jobId),
  ]);
  return exists === 0 || completed !== null || failed !== null;
}

async function serverNow(redis: RedisClient): Promise<number> {
  const [seconds] = (await redis.time()).map(Number);
  return (seconds ?? 0) * 1000;
}

export function judgeNamespace({ name, layout, queues, withoutJob }: NamespaceFacts): Problem[] {
  return [...judgeLayout(name, layout), ...queues.flatMap(judgeQueue), ...judgeJobs(withoutJob)];
}

function judgeQueue({
  name,
  waiting,
  hasWorker,
  shardsWithoutWorker: shards,
}: QueueFacts): Problem[] {
  if (hasWorker && shards.length > 0) {
    return [
      {
        severity: "warning",
        problem: `queue ${name}: jobs wait in shard ${shards.join(", ")}, and a worker was seen in others only`,
        fix: "Start a worker of this queue that names the shard in its `consumeShards`, or one without that option, which takes runs from all",
      },
    ];
  }
  if (hasWorker || waiting === 0) return [];
  return [
    {
      severity: "warning",
      problem: `queue ${name}: ${waiting} jobs wait, and no worker was seen`,
      fix: "Start a worker whose actions are in this queue; one that was just started is seen after its `stalledIntervalMs`",
    },
  ];
}

function judgeLayout(name: string, layout: Layout | undefined): Problem[] {
  if (layout === undefined) return [];
  if (layout.version === LAYOUT_VERSION) return judgeGrowth(name, layout);
  return [
    {
      severity: "error",
      problem: `namespace ${name} has layout version ${layout.version}, and this release knows ${LAYOUT_VERSION}`,
      fix: "Use the release that wrote it, or another namespace",
    },
  ];
}

function judgeGrowth(name: string, { target }: Layout): Problem[] {
  if (target === undefined) return [];
  return [
    {
      severity: "warning",
      problem: `namespace ${name} grows to ${target} shards, or was broken off while it did: until that is done, enqueueing takes longer`,
      fix: `Run \`npx refrain shards --namespace ${name} --grow ${target}\` again`,
    },
  ];
}

function judgeJobs({ lookedAt, runIds }: WithoutJob): Problem[] {
  const [first] = runIds;
  if (first === undefined) return [];
  return [
    {
      severity: "warning",
      problem: `${runIds.length} of the ${lookedAt} oldest live runs have no job, the first is ${first}`,
      fix: "A worker of the queue brings them back; so does enqueueing them again with the same runId and input",
    },
  ];
}
