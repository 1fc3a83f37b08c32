import type { ActionStateStore, LiveRun } from "@refrain/core";
import { type RescueOptions, rescueRun } from "./rescue-run.ts";

export interface RebuildJobsOptions extends Pick<RescueOptions, "queueOf" | "handOverMs"> {
  readonly store: Pick<ActionStateStore, "read" | "rebuild">;
  readonly shards: number;
  /** The server's time, epoch milliseconds. */
  readonly now: () => Promise<number>;
}

const PAGE = 100;

/** Adds the job of every live run anew that has none to be delivered, and says how many these were. */
export async function rebuildJobs(options: RebuildJobsOptions): Promise<number> {
  let added = 0;
  for await (const page of pagesOf(options)) {
    const now = await options.now();
    const lost = await Promise.all(page.map((run) => rescueRun(run, { ...options, now })));
    added += lost.filter((job) => job !== undefined).length;
  }
  return added;
}

async function* pagesOf({ store, shards }: RebuildJobsOptions): AsyncGenerator<readonly LiveRun[]> {
  for (let shard = 0; shard < shards; shard += 1) {
    for (let offset = 0; ; offset += PAGE) {
      const page = await store.rebuild({ shard, offset, limit: PAGE });
      if (page.length === 0) break;
      yield page;
    }
  }
}
