import path from "node:path";
import { setTimeout as elapse } from "node:timers/promises";
import { readLog } from "../append-log.ts";
import { type LoggedEvent, runsInHand } from "../worker-events.ts";
import type { Child } from "./child.ts";
import type { Fleet } from "./fleet.ts";
import type { PlannedKill } from "./kill-schedule.ts";

export interface KillerOptions {
  readonly fleet: Fleet;
  readonly evidenceDir: string;
  /** Ends the killing. */
  readonly signal: AbortSignal;
  readonly onKill: (description: string) => void;
}

/**
 * Carries out a plan of kills, whose times count from now. A kill that comes while replacements are still starting waits
 * for one, and puts off those after it: on a slow machine orders get as much time between two kills as on a fast one.
 */
export async function carryOut(
  kills: readonly PlannedKill[],
  options: KillerOptions,
): Promise<void> {
  const { fleet, signal, onKill } = options;
  const beganAt = performance.now();
  let lateMs = 0;
  for (const [index, { atMs, pick }] of kills.entries()) {
    await pause(beganAt + atMs + lateMs - performance.now(), signal);
    let victim: Child | undefined;
    while (!signal.aborted && victim === undefined) {
      victim = await fleet.kill(pick);
      if (victim === undefined) await pause(20, signal);
    }
    if (victim === undefined) return;
    lateMs = performance.now() - beganAt - atMs;
    onKill(`  kill ${index + 1} ${when(atMs, lateMs)}: ${whom(victim, options.evidenceDir)}`);
  }
}

/** The planned time, which a seed repeats, and by how much this machine missed it. */
function when(atMs: number, lateMs: number): string {
  const late = lateMs < 200 ? "" : ` (${(lateMs / 1000).toFixed(1)} s late)`;
  return `at ${(atMs / 1000).toFixed(1)} s${late}`;
}

function whom({ name, pid }: Child, evidenceDir: string): string {
  const events = readLog<LoggedEvent>(path.join(evidenceDir, `events-${name}.ndjson`));
  return `${name} (pid ${pid}), ${runsInHand(events).size} orders in hand`;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await elapse(Math.max(0, ms), undefined, { signal }).catch(() => {});
}
