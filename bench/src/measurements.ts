import type { Contender } from "./contenders.ts";
import type { CoreFigures } from "./core-only.ts";
import type { EnqueueFigures } from "./enqueueing.ts";
import type { Sample } from "./gauge.ts";
import type { Latencies } from "./latency.ts";
import { describe, type Machine } from "./machine.ts";
import type { MemoryFigures } from "./memory.ts";
import type { ReplayFigures } from "./replay.ts";
import type { Traffic } from "./traffic.ts";

/** Everything of one run of the bench. Figures with the same index come from the same round. */
export interface Measurements {
  readonly machine: Machine;
  readonly rounds: number;
  readonly samples: readonly { readonly contender: Contender; readonly samples: Sample[] }[];
  /** Per W(10) run. */
  readonly counts: Traffic[];
  readonly latencies: Latencies[];
  /** Of each round: one for every number of calls. */
  readonly replays: (readonly ReplayFigures[])[];
  readonly enqueues: EnqueueFigures[];
  readonly memory: MemoryFigures[];
  readonly core: { readonly completionOnly: CoreFigures; readonly reconcilable: CoreFigures }[];
}

/** The conditions under which the figures hold, for people. */
export function conditionsOf({ machine, rounds }: Measurements): string {
  return `${describe(machine)}; ${rounds} rounds, one worker process, 50 runs in flight, 100-byte results`;
}
