/** Which product handles the runs. */
export type SystemName = "raw" | "naive1" | "naive2" | "store" | "refrain";

/** What a run consists of: sequential recorded calls. */
export interface Work {
  readonly calls: number;
  readonly isReconcilable: boolean;
}

/** One row of the table. */
export interface Contender extends Work {
  readonly id: string;
  readonly system: SystemName;
}

/** In the order in which each round measures them. */
export const contenders: readonly Contender[] = [
  { id: "raw", system: "raw", calls: 0, isReconcilable: false },
  { id: "store W(0)", system: "store", calls: 0, isReconcilable: false },
  { id: "W(0)", system: "refrain", calls: 0, isReconcilable: false },
  { id: "naive1 W(1)", system: "naive1", calls: 1, isReconcilable: false },
  { id: "W(1)", system: "refrain", calls: 1, isReconcilable: false },
  { id: "naive1 W(10)", system: "naive1", calls: 10, isReconcilable: false },
  { id: "store W(10)", system: "store", calls: 10, isReconcilable: false },
  { id: "W(10)", system: "refrain", calls: 10, isReconcilable: false },
  { id: "naive2 W(10)", system: "naive2", calls: 10, isReconcilable: true },
  { id: "R(10)", system: "refrain", calls: 10, isReconcilable: true },
  { id: "naive1 W(50)", system: "naive1", calls: 50, isReconcilable: false },
  { id: "store W(50)", system: "store", calls: 50, isReconcilable: false },
  { id: "W(50)", system: "refrain", calls: 50, isReconcilable: false },
  { id: "naive2 W(50)", system: "naive2", calls: 50, isReconcilable: true },
  { id: "R(50)", system: "refrain", calls: 50, isReconcilable: true },
];

/** Runs of one sample, so that samples of all contenders last about as long. */
export function runsOf({ calls }: Work, base: number): number {
  return Math.max(50, Math.round(base / (1 + calls / 10)));
}
