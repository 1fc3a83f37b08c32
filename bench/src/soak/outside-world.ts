import { setTimeout as pause } from "node:timers/promises";
import type { SettledStatus } from "@refrain/core";
import { CALLS } from "./action.ts";

/** What the outside world knows of a run. */
interface Known {
  readonly enqueuedAt: number;
  /** By slot: which processes had the call's effect, in order. */
  readonly effects: number[][];
  /** Processes that said they lost the run. */
  readonly lostBy: Set<number>;
  settled?: { readonly status: string; readonly at: number };
}

/** How long what was settled is still listened for. */
const AFTERMATH_MS = 15_000;
/** How long whoever caused an effect waits to hear of it, at most: kills fall into such waits. */
const ANSWER_WITHIN_MS = 120;
const RESULT = "r".repeat(100);

/** Where the soak's effects happen and are counted: outside Redis, and outside every process that is killed. */
export class OutsideWorld {
  /** Everything that must not be, one line each. */
  readonly breaches: string[] = [];
  judged = 0;
  /** Plain calls that ran again because their process was killed, or lost its run and said so. */
  announcedDoubles = 0;
  /** Runs whose calls several processes made: kills that hit nobody prove nothing. */
  resumed = 0;
  readonly #runs = new Map<string, Known>();
  readonly #wasKilled: (pid: number) => boolean;

  constructor(wasKilled: (pid: number) => boolean) {
    this.#wasKilled = wasKilled;
  }

  /** How many runs are enqueued and not judged yet. */
  get open(): number {
    return this.#runs.size;
  }

  expect(runId: string): void {
    const effects = Array.from({ length: CALLS }, () => []);
    this.#runs.set(runId, { enqueuedAt: performance.now(), effects, lostBy: new Set() });
  }

  /** An effect happens, at once; whoever caused it hears of it a little later. */
  async effect(runId: string, slot: number, pid: number): Promise<string> {
    const calls = this.#runs.get(runId)?.effects[slot];
    if (calls === undefined) this.breaches.push(`an effect after the end of run ${runId}`);
    calls?.push(pid);
    await pause(Math.random() * ANSWER_WITHIN_MS);
    return RESULT;
  }

  find(runId: string, slot: number): string | undefined {
    return (this.#runs.get(runId)?.effects[slot]?.length ?? 0) > 0 ? RESULT : undefined;
  }

  lost(runId: string, pid: number): void {
    this.#runs.get(runId)?.lostBy.add(pid);
  }

  /** Returns how long the run took from its arrival, ms; undefined when that was told before. */
  settled(runId: string, status: SettledStatus | "gone"): number | undefined {
    const run = this.#runs.get(runId);
    if (run === undefined || run.settled !== undefined) return undefined;
    run.settled = { status, at: performance.now() };
    return run.settled.at - run.enqueuedAt;
  }

  /** Runs of which nobody has said for so long that they are settled. */
  unsettledFor(ms: number): string[] {
    const before = performance.now() - ms;
    return [...this.#runs]
      .filter(([, run]) => run.settled === undefined && run.enqueuedAt < before)
      .map(([runId]) => runId);
  }

  /** Judges the runs that were settled a while ago and forgets them; at the end, every run. */
  judge({ all = false }: { readonly all?: boolean } = {}): void {
    const before = performance.now() - AFTERMATH_MS;
    for (const [runId, run] of this.#runs) {
      if (!all && (run.settled?.at ?? Number.POSITIVE_INFINITY) > before) continue;
      this.#runs.delete(runId);
      this.judged += 1;
      if (new Set(run.effects.flat()).size > 1) this.resumed += 1;
      const flaws = run.effects.flatMap((pids, slot) => this.#flaws(run, pids, slot));
      if (run.settled === undefined) flaws.push("never settled");
      else if (run.settled.status !== "SUCCEEDED") flaws.push(`settled ${run.settled.status}`);
      this.breaches.push(...flaws.map((flaw) => `run ${runId}: ${flaw}`));
    }
  }

  #flaws(run: Known, pids: readonly number[], slot: number): string[] {
    if (pids.length === 0) return [`lost: call ${slot} never had its effect`];
    if (pids.length === 1) return [];
    const earlier = pids.slice(0, -1);
    const isAnnounced = earlier.every((pid) => this.#wasKilled(pid) || run.lostBy.has(pid));
    if (slot % 2 === 1 || !isAnnounced) return [`call ${slot} had its effect ${pids.length} times`];
    this.announcedDoubles += earlier.length;
    return [];
  }
}
