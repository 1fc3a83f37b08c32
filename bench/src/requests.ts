import type { SystemName } from "./contenders.ts";
import type { CoreFigures } from "./core-only.ts";
import type { EnqueueFigures } from "./enqueueing.ts";
import type { Sample } from "./gauge.ts";
import type { Latencies } from "./latency.ts";
import type { MemoryFigures } from "./memory.ts";
import type { ReplayFigures } from "./replay.ts";
import type { Tally } from "./scale/member.ts";
import type { Place } from "./system.ts";

/** What a worker process is asked to measure. */
export type Request =
  | {
      readonly task: "sample";
      readonly system: SystemName;
      readonly place: Place;
      readonly warmUp?: number;
      readonly runs: number;
    }
  | { readonly task: "latency" | "enqueue" | "memory"; readonly redisUrl: string }
  | {
      readonly task: "replay";
      readonly redisUrl: string;
      readonly calls: number;
      readonly times: number;
    }
  | { readonly task: "join"; readonly place: Place }
  | { readonly task: "tally" | "leave" }
  | { readonly task: "core"; readonly isReconcilable: boolean; readonly runs: number };

/** What each request is answered with. */
export interface Answers {
  readonly sample: Sample;
  readonly latency: Latencies;
  readonly enqueue: EnqueueFigures;
  readonly memory: MemoryFigures;
  readonly replay: ReplayFigures;
  readonly join: true;
  readonly tally: Tally;
  readonly leave: true;
  readonly core: CoreFigures;
}
