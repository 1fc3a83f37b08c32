import type { SettledStatus } from "@refrain/core";

/** One durable call's effect, or the question whether there was one. */
export interface Ask {
  readonly kind: "ask";
  /** Numbers the asks of one process. */
  readonly id: number;
  readonly what: "effect" | "find";
  readonly runId: string;
  readonly slot: number;
}

export interface MemoryFigures {
  readonly rss: number;
  /** What is in use after a collection. */
  readonly heap: number;
}

/** What a worker process tells the soak. */
export type FromWorker =
  | Ask
  | { readonly kind: "ready" }
  | { readonly kind: "settled"; readonly runId: string; readonly status: SettledStatus }
  /** An attempt lost its run without having been killed: its plain calls may run again. */
  | { readonly kind: "lost"; readonly runId: string }
  | ({ readonly kind: "memory" } & MemoryFigures);

/** What the soak tells a worker process. */
export type ToWorker =
  | { readonly kind: "answer"; readonly id: number; readonly value: string | undefined }
  | { readonly kind: "measure" }
  | { readonly kind: "close" };
