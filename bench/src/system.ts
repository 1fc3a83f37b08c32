import type { Logger } from "pino";
import type { Work } from "./contenders.ts";

/** Where a sample lives: its keys begin with a namespace of its own. */
export interface Place {
  readonly redisUrl: string;
  readonly namespace: string;
  /** Of a cluster, in place of the URL. */
  readonly seeds?: readonly { readonly host: string; readonly port: number }[];
  /** Default 1. */
  readonly shards?: number;
  /** Where Refrain's worker logs. Default: where it does by itself. */
  readonly logger?: Logger;
}

/** Hears of every run that a worker begins and ends. */
export interface Progress {
  began(): void;
  ended(): void;
  /** Awaited by every run when its calls are recorded; absent where time is measured. */
  readonly hold?: Promise<unknown>;
}

/** A product that handles runs. */
export interface System {
  /** Puts runs into its queue. */
  enqueue(place: Place, runs: number, work: Work): Promise<void>;
  /** Starts one worker; resolves to how to stop it. */
  start(place: Place, progress: Progress): Promise<() => Promise<void>>;
}

/** Runs in flight. */
export const CONCURRENCY = 50;

const RESULT = "r".repeat(100);

/** The body of every call: does nothing, and returns 100 bytes. */
export async function step(_order: string, _index: number): Promise<string> {
  return RESULT;
}

/** What a run without calls returns to its queue, and every other run too: small, as Refrain's own. */
export const FINISHED: { readonly run: "SUCCEEDED" } = { run: "SUCCEEDED" };
