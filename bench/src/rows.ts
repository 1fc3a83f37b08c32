import type { Contender } from "./contenders.ts";
import type { Measurements } from "./measurements.ts";
import { cpuOf, perCall, samplesOf, speedOf } from "./sample-figures.ts";
import { spreadOf, spreadText } from "./statistics.ts";

/** A target, and what was measured of it. */
export interface Row {
  /** Several rows may judge one target. */
  readonly number: number;
  readonly what: string;
  readonly target: string;
  readonly measured: string;
  readonly verdict: "met" | "missed" | "";
}

/** The targets against what was measured, where it was: medians of all rounds, with the lowest and the highest. */
export function rowsOf(measurements: Measurements): Row[] {
  return [
    ...speedRows(measurements),
    ...costRows(measurements),
    ...latencyRows(measurements),
    ...replayRows(measurements),
    ...enqueueRows(measurements),
    ...memoryRows(measurements),
    told(9, "Restate, DBOS and OpenWorkflow", "pnpm bench:peers"),
    told(10, "metrics", "Refrain has none yet"),
  ].toSorted((a, b) => a.number - b.number);
}

const RAW = { system: "raw" } as const;

function w(calls: number): Partial<Contender> {
  return { system: "refrain", calls, isReconcilable: false };
}

function naive1(calls: number): Partial<Contender> {
  return { system: "naive1", calls };
}

function naive2(calls: number): Partial<Contender> {
  return { system: "naive2", calls };
}

function store(calls: number): Partial<Contender> {
  return { system: "store", calls };
}

function speedRows(measurements: Measurements): Row[] {
  const speed = (own: Partial<Contender>, other: Partial<Contender>): number[] =>
    pairs(samplesOf(measurements, own).map(speedOf), samplesOf(measurements, other).map(speedOf));
  return [
    ...row(1, "W(10), runs/s against naive1", atLeast(1.5), speed(w(10), naive1(10))),
    ...row(1, "W(10), runs/s against naive2", atLeast(2), speed(w(10), naive2(10))),
    ...row(1, "W(50), runs/s against naive1", atLeast(2), speed(w(50), naive1(50))),
    ...floor(1, "W(10), runs/s against naive1", speed(store(10), naive1(10))),
    ...floor(1, "W(50), runs/s against naive1", speed(store(50), naive1(50))),
    ...row(2, "W(0), runs/s against raw BullMQ", atLeast(0.9), speed(w(0), RAW)),
    ...row(2, "W(1), runs/s against raw BullMQ", atLeast(0.9), speed(w(1), RAW)),
    ...floor(2, "W(0), runs/s against raw BullMQ", speed(store(0), RAW)),
  ];
}

function costRows(measurements: Measurements): Row[] {
  const cpu = (of: Partial<Contender>): number[] =>
    pairs(perCall(measurements, of, cpuOf), perCall(measurements, { system: "naive1" }, cpuOf));
  const own = (isReconcilable: boolean): number[] => cpu({ system: "refrain", isReconcilable });
  const scripts = measurements.counts.map(({ journalScripts }) => journalScripts);
  return [
    ...row(3, "CPU per completion-only call against naive1", atMost(0.45), own(false)),
    ...row(3, "CPU per reconcilable call against naive1", atMost(0.45), own(true)),
    ...floor(3, "CPU per call against naive1", cpu({ system: "store" })),
    ...row(5, "journal scripts per W(10) run", { most: 0.5 }, scripts),
  ];
}

function latencyRows({ latencies }: Measurements): Row[] {
  const plain = latencies.map(({ completionOnly, roundTrip }) => completionOnly / roundTrip);
  const asked = latencies.map(({ reconcilable, roundTrip }) => reconcilable / roundTrip);
  return [
    ...row(4, "one run alone: completion-only call against a round trip", atMost(1.5), plain),
    ...row(4, "one run alone: reconcilable call against a round trip", atMost(1.6), asked),
  ];
}

function replayRows({ replays }: Measurements): Row[] {
  const figures = (replays[0] ?? []).map(({ calls }, index) => {
    const ratios = replays.flatMap((round) => round[index] ?? []);
    return row(
      6,
      `replay of ${calls} calls against a bare HGETALL`,
      atMost(2.5),
      ratios.map(({ replay, bare }) => replay / bare),
    );
  });
  return figures.flat();
}

function enqueueRows({ enqueues }: Measurements): Row[] {
  const speeds = enqueues.map(({ addBulk, enqueueMany }) => addBulk / enqueueMany);
  const roundTrips = enqueues.map((figures) => figures.roundTrips);
  return [
    ...row(7, "runs/s of enqueueMany(1000) against addBulk(1000)", atLeast(0.8), speeds),
    ...row(7, "round trips of enqueue", { most: 1 }, roundTrips),
  ];
}

function memoryRows({ memory }: Measurements): Row[] {
  const settled = memory.map(({ settledRun, job }) => settledRun / job);
  const live = memory.map(({ journal, naiveJournal }) => journal / naiveJournal);
  return [
    ...row(8, "memory of a settled W(10) run against a finished BullMQ job", atMost(1.3), settled),
    ...row(8, "memory of a live journal of 10 calls against naive1's", atMost(0.8), live),
  ];
}

interface Target {
  readonly least?: number;
  readonly most?: number;
  /** What stands behind the figures: "x" for ratios, nothing for counts. */
  readonly unit?: string;
}

function atLeast(least: number): Target {
  return { least, unit: "x" };
}

function atMost(most: number): Target {
  return { most, unit: "x" };
}

/** Nothing where nothing was measured. */
function row(number: number, what: string, target: Target, figures: readonly number[]): Row[] {
  if (figures.length === 0) return [];
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY, unit = "" } = target;
  const middle = spreadOf(figures).median;
  const limit = target.least === undefined ? `<= ${most}` : `>= ${least}`;
  return [
    {
      number,
      what,
      target: `${limit}${unit}`,
      measured: `${spreadText(figures, 2)}${unit}`,
      verdict: middle >= least && middle <= most ? "met" : "missed",
    },
  ];
}

/** What the engine stands on, so no target is set for it. */
function floor(number: number, what: string, ratios: readonly number[]): Row[] {
  if (ratios.length === 0) return [];
  return [told(number, `${what}, store alone`, `${spreadText(ratios, 2)}x`)];
}

function told(number: number, what: string, measured: string): Row {
  return { number, what, target: "", measured, verdict: "" };
}

/** Round by round. */
function pairs(own: readonly number[], others: readonly number[]): number[] {
  return own.flatMap((figure, round) => {
    const other = others[round];
    return other === undefined ? [] : figure / other;
  });
}
