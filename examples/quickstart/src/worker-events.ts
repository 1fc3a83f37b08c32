import type { Worker, WorkerEvent } from "refrain";
import { AppendLog } from "./append-log.ts";

export interface LoggedEvent {
  readonly event: WorkerEvent;
  readonly runId: string;
}

const LOGGED: readonly WorkerEvent[] = [
  "attempt-started",
  "call-replayed",
  "call-reconciled",
  "outcome-unknown",
  "diverged",
  "fenced",
  "released",
  "settled",
  "handle-unused",
  "non-durable-wait",
];

/** Writes down what a worker does, in a file that outlives it: what it had written is not lost when it is killed. */
export function logEvents(worker: Worker, path: string): void {
  const log = new AppendLog(path);
  for (const event of LOGGED) {
    worker.on(event, ({ runId }) => log.append({ event, runId } satisfies LoggedEvent));
  }
}

/** The runs that a worker had begun and not let go of, from the events that it wrote. */
export function runsInHand(events: readonly LoggedEvent[]): Set<string> {
  const inHand = new Set<string>();
  for (const { event, runId } of events) {
    if (event === "attempt-started") inHand.add(runId);
    else if (event === "settled" || event === "released" || event === "fenced")
      inHand.delete(runId);
  }
  return inHand;
}
