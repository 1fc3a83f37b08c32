import type { Sample } from "./gauge.ts";
import { conditionsOf, type Measurements } from "./measurements.ts";
import { cpuOf, perCall, samplesOf, speedOf } from "./sample-figures.ts";
import { median, spreadText } from "./statistics.ts";
import { targetsText } from "./targets.ts";
import { textTable } from "./text-table.ts";

/** The figures for people to read: medians, with the lowest and highest of all rounds; ratios within each round. */
export function report(measurements: Measurements): string {
  const parts = [
    conditionsOf(measurements),
    runsTable(measurements),
    callsTable(measurements),
    latencyTable(measurements),
    millisecondsTable(measurements),
    memoryTable(measurements),
    coreTable(measurements),
    targetsText(measurements),
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
    ];
  });
  if (rows.length === 0) return "";
  const head = ["W(k): a run of k recorded calls", "runs/s", "x raw", "x naive1", "x naive2"];
  return textTable([...head, "CPU us/run: worker", "server", "both"], rows);
}

/** What ten more calls cost, tenfold: the share of queue, claim and settlement drops out. */
function callsTable(measurements: Measurements): string {
  const kinds = [
    { name: "naive1", system: "naive1" },
    { name: "naive2", system: "naive2" },
    { name: "Refrain's store alone", system: "store" },
    { name: "Refrain, completion-only", system: "refrain", isReconcilable: false },
    { name: "Refrain, reconcilable", system: "refrain", isReconcilable: true },
  ] as const;
  const naive = perCall(measurements, { system: "naive1" }, cpuOf);
  const rows = kinds.flatMap(({ name, ...kind }) => {
    const both = perCall(measurements, kind, cpuOf);
    if (both.length === 0) return [];
    const worker = perCall(measurements, kind, (sample) => sample.workerCpuUs);
    const server = perCall(measurements, kind, (sample) => sample.serverCpuUs);
    const ratios = both.flatMap((cpu, round) => {
      const other = naive[round];
      return other === undefined ? [] : cpu / other;
    });
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

function millisecondsTable({ replays, enqueues }: Measurements): string {
  const rows = (replays[0] ?? []).flatMap(({ calls }, index) => {
    const figures = replays.flatMap((round) => round[index] ?? []);
    return [
      [
        `HGETALL of ${calls} calls`,
        spreadText(
          figures.map(({ bare }) => bare),
          2,
        ),
      ],
      [
        `replay of ${calls} calls`,
        spreadText(
          figures.map(({ replay }) => replay),
          2,
        ),
      ],
    ];
  });
  if (enqueues.length > 0) {
    rows.push(
      [
        "addBulk of 1000 jobs",
        spreadText(
          enqueues.map(({ addBulk }) => addBulk),
          1,
        ),
      ],
      [
        "enqueueMany of 1000 runs",
        spreadText(
          enqueues.map(({ enqueueMany }) => enqueueMany),
          1,
        ),
      ],
    );
  }
  return rows.length === 0 ? "" : textTable(["at once", "ms"], rows);
}

function memoryTable({ memory }: Measurements): string {
  if (memory.length === 0) return "";
  const figures = {
    "finished BullMQ job": memory.map(({ job }) => job),
    "settled W(10) run, job and record": memory.map(({ settledRun }) => settledRun),
    "of which the record": memory.map(({ record }) => record),
    "naive1's journal of 10 calls": memory.map(({ naiveJournal }) => naiveJournal),
    "a journal of 10 calls, each one JSON text": memory.map(({ jsonJournal }) => jsonJournal),
    "live journal of 10 calls": memory.map(({ journal }) => journal),
  };
  const rows = Object.entries(figures).map(([name, bytes]) => [name, spreadText(bytes, 0)]);
  return textTable(["Redis memory", "bytes"], rows);
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

/** How many times as many runs per second, round by round. */
function ratioText(samples: readonly Sample[], others: readonly Sample[]): string {
  if (others.length === 0) return "";
  const ratios = samples.flatMap((sample, round) => {
    const other = others[round];
    return other === undefined ? [] : speedOf(sample) / speedOf(other);
  });
  return spreadText(ratios, 2);
}
