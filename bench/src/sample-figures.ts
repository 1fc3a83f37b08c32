import type { Contender } from "./contenders.ts";
import type { Sample } from "./gauge.ts";
import type { Measurements } from "./measurements.ts";

/** The samples of the first contender that fits, one of each round; none where none was measured. */
export function samplesOf(
  measurements: Measurements,
  wanted: Partial<Contender>,
): readonly Sample[] {
  const fields = Object.entries(wanted) as [keyof Contender, unknown][];
  const found = measurements.samples.find(({ contender }) =>
    fields.every(([field, value]) => contender[field] === value),
  );
  return found?.samples ?? [];
}

/** Runs per second. */
export function speedOf({ runs, seconds }: Sample): number {
  return runs / seconds;
}

/** Of worker and server together, us. */
export function cpuOf({ workerCpuUs, serverCpuUs }: Sample): number {
  return workerCpuUs + serverCpuUs;
}

/** What a call costs: what forty more of them do, so that the share of queue, claim and settlement drops out. */
export function perCall(
  measurements: Measurements,
  kind: Partial<Contender>,
  figure: (sample: Sample) => number,
): number[] {
  const few = samplesOf(measurements, { ...kind, calls: 10 });
  const many = samplesOf(measurements, { ...kind, calls: 50 });
  return many.flatMap((sample, round) => {
    const other = few[round];
    return other ? (figure(sample) / sample.runs - figure(other) / other.runs) / 40 : [];
  });
}
