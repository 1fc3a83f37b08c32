/** What every product does here: W(k), a run of k recorded calls with results of 100 bytes. */
export interface Peer {
  /** Does `runs` runs with at most 50 under way, and gives the milliseconds from the first to the last. */
  throughputMs(runs: number, calls: number): Promise<number>;
  /** One run alone, from asking for it to having its result. */
  once(calls: number): Promise<void>;
  stop(): Promise<void>;
}

export const CONCURRENCY = 50;
const RESULT = "x".repeat(100);

/** The outside call: it does next to nothing, so that what is measured is the product. */
export async function outsideCall(slot: number): Promise<string> {
  return RESULT.slice(0, 99) + (slot % 10);
}

/** Does `runs` runs over 50 lanes, each run awaited by its lane. */
export async function overLanes(
  runs: number,
  one: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < runs) await one(next++);
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  return performance.now() - startedAt;
}

let asked = 0;

/** An id that no run had before, in this process or in another. */
export function freshId(): string {
  asked += 1;
  return `${process.pid}-${Date.now()}-${asked}`;
}
