import { type LiveRun, MemoryStore } from "@refrain/core";
import type { Queue } from "bullmq";
import { expect, test } from "vitest";
import type { JobData } from "../src/job.ts";
import { rebuildJobs } from "../src/rebuild-jobs.ts";

const RUNS = 250;

test("every run gets its job back, though workers end the first ones before the last are looked at", async () => {
  const store = new MemoryStore();
  for (let n = 0; n < RUNS; n += 1) {
    const named = { runId: `r-${n}`, action: "work", version: "1", queue: "default" };
    const input = new Uint8Array(0);
    await store.create({ ...named, input, inputDigest: "", requestId: `q-${n}` });
  }
  const ended = new Set<string>();
  // A worker that ends a run as soon as it has its job.
  const queue = {
    getWaitingCount: async () => 0,
    getJob: async () => undefined,
    getJobState: async () => "unknown",
    remove: async () => 1,
    add: async (_: string, { runId }: JobData) => ended.add(runId),
  } as unknown as Queue<JobData>;
  const rebuild = async ({ offset = 0, limit = RUNS } = {}): Promise<readonly LiveRun[]> => {
    const live = await store.rebuild({ limit: RUNS });
    return live.filter(({ runId }) => !ended.has(runId)).slice(offset, offset + limit);
  };

  const added = await rebuildJobs({
    store: { read: (runId) => store.read(runId), rebuild },
    shards: [0],
    queueOf: async () => queue,
    now: async () => 0,
    handOverMs: 0,
  });

  expect([added, ended.size]).toEqual([RUNS, RUNS]);
});
