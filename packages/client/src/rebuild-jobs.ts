import type { ActionStateStore, LiveRun } from "@refrain/core";
import { overdueRuns } from "./overdue-runs.ts";
import { type RescueOptions, rescueRun } from "./rescue-run.ts";

export interface RebuildJobsOptions extends Pick<RescueOptions, "queueOf" | "handOverMs"> {
  readonly store: Pick<ActionStateStore, "read" | "rebuild">;
  readonly shards: readonly number[];
  /** The server's time, epoch milliseconds. */
  readonly now: () => Promise<number>;
}

const PAGE = 1000;
/** Looks at this many jobs at once. */
const AT_ONCE = 100;

/** Adds the job of every live run anew that has none to be delivered, and says how many these were. */
export async function rebuildJobs(options: RebuildJobsOptions): Promise<number> {
  const live = await liveRuns(options);
  let added = 0;
  for (let from = 0; from < live.length; from += AT_ONCE) {
    const now = await options.now();
    const some = live.slice(from, from + AT_ONCE);
    const overdue = await overdueRuns(some, { ...options, mostEntries: Number.POSITIVE_INFINITY });
    const lost = await Promise.all(
      some.map((run) => rescueRun(run, { ...options, now, isOverdue: overdue.has(run) })),
    );
    added += lost.filter((job) => job !== undefined).length;
  }
  return added;
}

/** All of them before any job is added: runs that settle meanwhile would have others move up to pages already passed. */
async function liveRuns({ store, shards }: RebuildJobsOptions): Promise<readonly LiveRun[]> {
  const live: LiveRun[] = [];
  for (const shard of shards) {
    for (let offset = 0; ; offset += PAGE) {
      const page = await store.rebuild({ shard, offset, limit: PAGE });
      if (page.length === 0) break;
      live.push(...page);
    }
  }
  return live;
}
