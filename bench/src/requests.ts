import type { SystemName, Work } from "./contenders.ts";
import type { CoreFigures } from "./core-only.ts";
import type { Sample } from "./gauge.ts";
import type { Latencies } from "./latency.ts";

/** What a worker process is asked to measure. */
export type Request =
  | {
      readonly task: "sample";
      readonly redisUrl: string;
      readonly system: SystemName;
      readonly work: Work;
      readonly runs: number;
    }
  | { readonly task: "latency"; readonly redisUrl: string }
  | { readonly task: "core"; readonly isReconcilable: boolean; readonly runs: number };

/** What each request is answered with. */
export interface Answers {
  readonly sample: Sample;
  readonly latency: Latencies;
  readonly core: CoreFigures;
}
