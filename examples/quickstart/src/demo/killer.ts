import path from "node:path";
import { setTimeout as elapse } from "node:timers/promises";
import { readLog } from "../append-log.ts";
import { type LoggedEvent, runsInHand } from "../worker-events.ts";
import type { Fleet } from "./fleet.ts";
import type { PlannedKill } from "./kill-schedule.ts";

export interface KillerOptions {
  readonly fleet: Fleet;
  readonly evidenceDir: string;
  /** Ends the killing. */
  readonly signal: AbortSignal;
  readonly onKill: (description: string) => void;
  readonly onMiss: (description: string) => void;
}

/** Carries out a plan of kills, whose times count from now. */
export async function carryOut(
  kills: readonly PlannedKill[],
  options: KillerOptions,
): Promise<void> {
  const { fleet, evidenceDir, signal, onKill, onMiss } = options;
  const beganAt = performance.now();
  for (const [index, { atMs, pick }] of kills.entries()) {
    const waitMs = Math.max(0, beganAt + atMs - performance.now());
    await elapse(waitMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const when = `at ${(atMs / 1000).toFixed(1)} s`;
    const victim = await fleet.kill(pick);
    if (victim === undefined) {
      onMiss(`  kill ${index + 1} ${when} found no live worker`);
      continue;
    }
    const events = readLog<LoggedEvent>(path.join(evidenceDir, `events-${victim.name}.ndjson`));
    const orders = runsInHand(events).size;
    onKill(
      `  kill ${index + 1} ${when}: ${victim.name} (pid ${victim.pid}), ${orders} orders in hand`,
    );
  }
}
