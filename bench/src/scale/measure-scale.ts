import type { Place } from "../system.ts";
import { clusterPlace, startCluster } from "./cluster-place.ts";
import { type Drained, drain } from "./drain.ts";
import { type LoadFigures, underLoad } from "./load.ts";
import type { Part, ScaleOptions } from "./options.ts";
import { Pool } from "./pool.ts";

/** A pool of one size, measured once. */
export interface PoolSample {
  readonly drained: Drained;
  /** Twice as many arrive as it worked off. */
  readonly overload: LoadFigures;
  /** 80 % of what it settled while too many arrived. */
  readonly steady: LoadFigures;
}

/** Samples of each round, by size of the pool, runs that waited, or masters and shards. */
export interface ScaleMeasurements {
  readonly pools: Map<number, PoolSample[]>;
  readonly backlogs: Map<number, Drained[]>;
  readonly shards: Map<string, Drained[]>;
}

const FEW_QUEUED = 1000;
const MEMBERS_OVER_SHARDS = 2;

/** Measures everything that is chosen, interleaved: each round goes through all of it once. */
export async function measureScale(options: ScaleOptions): Promise<ScaleMeasurements> {
  const measurements = { pools: new Map(), backlogs: new Map(), shards: new Map() };
  for (let round = 1; round <= options.rounds; round += 1) {
    process.stderr.write(`round ${round} of ${options.rounds}\n`);
    for (const part of options.parts) await MEASURES[part](options, measurements);
  }
  return measurements;
}

type Measure = (options: ScaleOptions, into: ScaleMeasurements) => Promise<void>;

const MEASURES: Readonly<Record<Part, Measure>> = {
  pool: async (options, { pools }) => {
    for (const size of options.workers) {
      await withPool(placeOf(options), size, async (pool) => {
        const drained = await drain(pool, options.runs);
        const overload = await underLoad(pool, drained.runsPerSecond * 2, options.seconds);
        const steady = await underLoad(pool, overload.settledPerSecond * 0.8, options.seconds);
        note(pools, size, { drained, overload, steady });
      });
    }
  },
  backlog: async (options, { backlogs }) => {
    for (const queued of [FEW_QUEUED, options.queued]) {
      await withPool(placeOf(options), 1, async (pool) =>
        note(backlogs, queued, await drain(pool, queued)),
      );
    }
  },
  shards: async (options, { shards }) => {
    for (const masters of options.masters) {
      const cluster = masters === 1 ? undefined : await startCluster(masters);
      for (const count of options.shards) {
        const base = { ...placeOf(options), shards: count };
        const place = cluster === undefined ? base : await clusterPlace(cluster, base, count);
        await withPool(place, MEMBERS_OVER_SHARDS, async (pool) =>
          note(shards, `masters: ${masters}, shards: ${count}`, await drain(pool, options.runs)),
        );
      }
      await cluster?.[Symbol.asyncDispose]();
    }
  },
};

const WARM_UP = 2000;

async function withPool(
  place: Place,
  size: number,
  act: (pool: Pool) => Promise<void>,
): Promise<void> {
  const pool = await Pool.start(place, size);
  // So that every member has compiled its code.
  await drain(pool, WARM_UP * size);
  await act(pool);
  await pool.close();
}

let places = 0;

function placeOf({ redisUrl }: ScaleOptions): Place {
  places += 1;
  return { redisUrl, namespace: `scale-${process.pid}-${places}` };
}

function note<K, T>(into: Map<K, T[]>, key: K, sample: T): void {
  into.set(key, [...(into.get(key) ?? []), sample]);
}
