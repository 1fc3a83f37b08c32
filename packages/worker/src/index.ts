// The worker
export { NotReadyError } from "./errors.ts";
export { RunWorker, type RunWorkerOptions, type Worker } from "./run-worker.ts";

// What it tells
export type {
  AttemptRunEvent,
  AttemptStartedEvent,
  CallReconciledEvent,
  CallReplayedEvent,
  DivergedEvent,
  FencedEvent,
  FencedReason,
  HandleUnusedEvent,
  OutcomeUnknownEvent,
  ReleasedEvent,
  RescuedEvent,
  RunEvent,
  SettledEvent,
  WorkerEvent,
  WorkerEvents,
} from "./worker-events.ts";
