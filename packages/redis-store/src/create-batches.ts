import type { NewRun } from "@refrain/core";
import type { Placement } from "./placement.ts";

/** A run that is asked for, and where. */
export interface Asked {
  readonly run: NewRun;
  /** Undefined for nowhere. */
  readonly placement: Placement | undefined;
}

/** What one script asks for: runs of one shard by one count, no two of them with one id. */
export interface Batch<T extends Asked> {
  readonly placement: Placement;
  readonly asked: readonly T[];
}

/** For as long as a server makes that many, some tenths of a millisecond, it does nothing else. */
const MOST_RUNS = 50;
const MOST_BYTES = 256 * 1024;

/** Runs stay in their order, wherever that matters: those of one id are asked for one after the other. */
export function batchesOf<T extends Asked>(all: readonly T[]): readonly Batch<T>[] {
  const batches: Filling<T>[] = [];
  const latest = new Map<string, Filling<T>>();
  for (const asked of all) {
    const { run, placement } = asked;
    if (placement === undefined) continue;
    const place = `${placement.shard} ${placement.key}`;
    let batch = latest.get(place);
    if (batch === undefined || !hasRoom(batch, run)) {
      batch = { placement, asked: [], ids: new Set(), bytes: 0 };
      batches.push(batch);
      latest.set(place, batch);
    }
    batch.asked.push(asked);
    batch.ids.add(run.runId);
    batch.bytes += run.input.byteLength;
  }
  return batches;
}

interface Filling<T extends Asked> extends Batch<T> {
  readonly asked: T[];
  readonly ids: Set<string>;
  bytes: number;
}

function hasRoom<T extends Asked>({ asked, ids, bytes }: Filling<T>, run: NewRun): boolean {
  const isFull = asked.length === MOST_RUNS || bytes + run.input.byteLength > MOST_BYTES;
  return !isFull && !ids.has(run.runId);
}
