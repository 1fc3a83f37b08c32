import { setImmediate as turn } from "node:timers/promises";
import { type Clock, systemClock } from "@refrain/core";

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is moved. Turns of the event loop stay real. */
export interface VirtualClock extends Clock {
  /** Timers that are set and not due yet. */
  readonly timers: number;
  /**
   * Moves time on, stopping at every timer that falls due on the way, those included that earlier ones set. Between two
   * timers the code they woke gets turns to run.
   */
  advance(ms: number): Promise<void>;
  /** Moves time to the next timer, which may be set only later: resolves to how far it moved, once the timer was called. */
  advanceToNextTimer(): Promise<number>;
}

/** @param start epoch milliseconds of the first moment */
export function virtualClock(start: number = Date.UTC(2030, 0, 1)): VirtualClock {
  let elapsed = 0;
  const timers = new Set<Timer>();
  let onTimer: (() => void)[] = [];

  const next = (): Timer | undefined => [...timers].toSorted((a, b) => a.due - b.due)[0];
  const fire = async (timer: Timer): Promise<void> => {
    timers.delete(timer);
    elapsed = Math.max(elapsed, timer.due);
    timer.callback();
    await settleTurns();
  };

  return {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    turns: systemClock.turns,
    timer(ms, callback) {
      const timer = { due: elapsed + ms, callback };
      timers.add(timer);
      for (const wake of onTimer.splice(0)) wake();
      return () => void timers.delete(timer);
    },
    get timers() {
      return timers.size;
    },
    async advance(ms) {
      const target = elapsed + ms;
      await settleTurns();
      for (let timer = next(); timer !== undefined && timer.due <= target; timer = next()) {
        await fire(timer);
      }
      elapsed = target;
      await settleTurns();
    },
    async advanceToNextTimer() {
      if (timers.size === 0) await new Promise<void>((resolve) => onTimer.push(resolve));
      const timer = next();
      if (timer === undefined) return this.advanceToNextTimer();
      const moved = Math.max(0, timer.due - elapsed);
      await fire(timer);
      return moved;
    },
  };
}

/** Lets what is due in this turn and what follows from it run: a delivery, its flush, and the reply to that. */
async function settleTurns(): Promise<void> {
  for (let turns = 0; turns < 4; turns++) await turn();
}
