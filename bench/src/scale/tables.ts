import { spreadText } from "../statistics.ts";
import type { Drained } from "./drain.ts";
import type { PoolSample, ScaleMeasurements } from "./measure-scale.ts";

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A column: its title, and the figure it has of a sample. */
type Column<T> = readonly [title: string, figure: (sample: T) => number, digits: number];

/** The figures for people to read: medians, with the lowest and highest of all rounds. */
export function tablesOf({ pools, backlogs, shards }: ScaleMeasurements): Table[] {
  return [
    table("a full queue: worker processes", pools, [
      ...drainColumns((sample: PoolSample) => sample.drained),
      ["least share", ({ drained }) => drained.fairness[0], 2],
      ["greatest share", ({ drained }) => drained.fairness[1], 2],
    ]),
    table("at 80 %: worker processes", pools, [
      ["runs/s", ({ steady }) => steady.settledPerSecond, 0],
      ["arrival to settlement, p50 ms", ({ steady }) => steady.latency.p50, 1],
      ["p99 ms", ({ steady }) => steady.latency.p99, 1],
      ["least share", ({ steady }) => steady.fairness[0], 2],
      ["greatest share", ({ steady }) => steady.fairness[1], 2],
    ]),
    table("too many arrive: worker processes", pools, [
      ["arrived/s", ({ overload }) => overload.arrivedPerSecond, 0],
      ["runs/s", ({ overload }) => overload.settledPerSecond, 0],
      ["left in the queue", ({ overload }) => overload.queuedAtEnd, 0],
      ["first line to settlement, p50 ms", ({ overload }) => overload.service.p50, 1],
      ["p99 ms", ({ overload }) => overload.service.p99, 1],
      ["worker MB before", ({ overload }) => overload.rssMb[0], 0],
      ["after", ({ overload }) => overload.rssMb[1], 0],
    ]),
    table("runs queued, one worker process", backlogs, [
      ["enqueued/s", (sample) => sample.enqueuedPerSecond, 0],
      ["bytes per queued run", (sample) => sample.bytesPerQueuedRun, 0],
      ["runs/s, first tenth", (sample) => sample.firstRunsPerSecond, 0],
      ...drainColumns((sample: Drained) => sample),
    ]),
    table(
      "two worker processes",
      shards,
      drainColumns((sample: Drained) => sample),
    ),
  ].filter(({ rows }) => rows.length > 0);
}

function drainColumns<T>(of: (sample: T) => Drained): Column<T>[] {
  return [
    ["runs/s", (sample) => of(sample).runsPerSecond, 0],
    ["CPU us/run: workers", (sample) => of(sample).workerCpuPerRun, 0],
    ["server", (sample) => of(sample).serverCpuPerRun, 0],
  ];
}

function table<T>(
  title: string,
  samples: ReadonlyMap<number | string, readonly T[]>,
  columns: readonly Column<T>[],
): Table {
  return {
    head: [title, ...columns.map(([name]) => name)],
    rows: [...samples].map(([key, all]) =>
      [`${key}`].concat(columns.map(([, figure, digits]) => spreadText(all.map(figure), digits))),
    ),
  };
}
