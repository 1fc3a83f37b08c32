import type { Clock } from "@refrain/core";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5000;

/** Longer with every failure in a row. */
export function pauseAfter(failures: number, clock: Clock): Promise<void> {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
  const ms = longest * (0.5 + Math.random() / 2);
  return new Promise((resolve) => {
    clock.timer(ms, resolve);
  });
}
