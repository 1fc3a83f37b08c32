import type { Contender } from "./contenders.ts";
import type { Sample } from "./gauge.ts";
import type { Measurements } from "./measurements.ts";
import { median, spreadOf } from "./statistics.ts";
import { textTable } from "./text-table.ts";

/** The figures for people to read: medians, with the lowest and highest of all rounds; ratios within each round. */
export function report(measurements: Measurements): string {
  const { machine, rounds } = measurements;
  const { cpu, cores, node, redis, durability, load, date } = machine;
  const parts = [
    `${date}, ${cores} cores of ${cpu}, load ${load.toFixed(1)}`,
    `Node ${node}, Redis ${redis}, ${durability}; ${rounds} rounds, one worker process, 50 runs in flight, 100-byte results`,
    runsTable(measurements),
    callsTable(measurements),
    latencyTable(measurements),
    coreTable(measurements),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function runsTable(measurements: Measurements): string {
  const rows = measurements.samples.map(({ contender, samples }) => {
    const { calls } = contender;
    const perRun = (figure: (sample: Sample) => number): string =>
      median(samples.map((sample) => figure(sample) / sample.runs)).toFixed(1);
    return [
      contender.id,
      spreadText(samples.map(speedOf), 0),
      ratioText(samples, samplesOf(measurements, { system: "raw" })),
      ratioText(samples, samplesOf(measurements, { system: "naive1", calls })),
      ratioText(samples, samplesOf(measurements, { system: "naive2", calls })),
      perRun((sample) => sample.workerCpuUs),
      perRun((sample) => sample.serverCpuUs),
      perRun(cpuOf),
      journalScripts(measurements, samples),
    ];
  });
  if (rows.length === 0) return "";
  const head = ["W(k): a run of k recorded calls", "runs/s", "x raw", "x naive1", "x naive2"];
  return textTable([...head, "CPU us/run: worker", "server", "both", "journal scripts/run"], rows);
}

/** What ten more calls cost, tenfold: the share of queue, claim and settlement drops out. */
function callsTable(measurements: Measurements): string {
  const kinds = [
    { name: "naive1", system: "naive1" },
    { name: "naive2", system: "naive2" },
    { name: "Refrain, completion-only", system: "refrain", isReconcilable: false },
    { name: "Refrain, reconcilable", system: "refrain", isReconcilable: true },
  ] as const;
  const perCall = (kind: Partial<Contender>, figure: (sample: Sample) => number): number[] => {
    const few = samplesOf(measurements, { ...kind, calls: 10 });
    const many = samplesOf(measurements, { ...kind, calls: 50 });
    return many.flatMap((sample, round) => {
      const other = few[round];
      return other ? (figure(sample) / sample.runs - figure(other) / other.runs) / 40 : [];
    });
  };
  const naive = perCall({ system: "naive1" }, cpuOf);
  const rows = kinds.flatMap(({ name, ...kind }) => {
    const both = perCall(kind, cpuOf);
    if (both.length === 0) return [];
    const worker = perCall(kind, (sample) => sample.workerCpuUs);
    const server = perCall(kind, (sample) => sample.serverCpuUs);
    const ratios = both.flatMap((cpu, round) => cpu / (naive[round] ?? Number.NaN));
    return [
      [name, ...[worker, server, both].map((us) => spreadText(us, 1)), spreadText(ratios, 2)],
    ];
  });
  if (rows.length === 0) return "";
  return textTable(["CPU us per recorded call", "worker", "server", "both", "x naive1"], rows);
}

function latencyTable({ latencies }: Measurements): string {
  if (latencies.length === 0) return "";
  const names = {
    roundTrip: "raw EVALSHA round trip",
    completionOnly: "completion-only call",
    reconcilable: "reconcilable call",
  };
  const rows = (["roundTrip", "completionOnly", "reconcilable"] as const).map((key) => {
    const times = latencies.map((each) => each[key]);
    const ratios = latencies.map((each) => each[key] / each.roundTrip);
    return [names[key], spreadText(times, 1), spreadText(ratios, 2)];
  });
  return textTable(["one run alone, us", "p50", "x round trip"], rows);
}

function coreTable({ core }: Measurements): string {
  if (core.length === 0) return "";
  const figures = {
    "run without calls": core.map((each) => each.completionOnly.cpuUsPerRun),
    "completion-only call": core.map((each) => each.completionOnly.cpuUsPerCall),
    "reconcilable call": core.map((each) => each.reconcilable.cpuUsPerCall),
  };
  const rows = Object.entries(figures).map(([name, us]) => [name, spreadText(us, 1)]);
  return textTable(["core alone, on MemoryStore", "CPU us"], rows);
}

function samplesOf(measurements: Measurements, wanted: Partial<Contender>): readonly Sample[] {
  const fields = Object.entries(wanted) as [keyof Contender, unknown][];
  const found = measurements.samples.find(({ contender }) =>
    fields.every(([field, value]) => contender[field] === value),
  );
  return found?.samples ?? [];
}

function speedOf({ runs, seconds }: Sample): number {
  return runs / seconds;
}

function cpuOf({ workerCpuUs, serverCpuUs }: Sample): number {
  return workerCpuUs + serverCpuUs;
}

/** How many times as many runs per second, round by round. */
function ratioText(samples: readonly Sample[], others: readonly Sample[]): string {
  if (others.length === 0) return "";
  const ratios = samples.flatMap((sample, round) => {
    const other = others[round];
    return other === undefined ? [] : speedOf(sample) / speedOf(other);
  });
  return spreadText(ratios, 2);
}

/** Scripts beyond those that BullMQ runs for as many raw jobs. */
function journalScripts(measurements: Measurements, samples: readonly Sample[]): string {
  const ofBullMq = samplesOf(measurements, { system: "raw" });
  if (ofBullMq.length === 0) return "";
  return (scriptsPerRun(samples) - scriptsPerRun(ofBullMq)).toFixed(2);
}

function scriptsPerRun(samples: readonly Sample[]): number {
  return median(samples.map(({ scripts, runs }) => scripts / runs));
}

function spreadText(figures: readonly number[], digits: number): string {
  const { median: middle, min, max } = spreadOf(figures);
  return `${middle.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)})`;
}
