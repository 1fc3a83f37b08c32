import { Child } from "./child.ts";
import { contenders, type SystemName } from "./contenders.ts";
import type { CoreFigures } from "./core-only.ts";
import { readMachine } from "./machine.ts";
import type { Measurements } from "./measurements.ts";
import { type BenchOptions, isChosen } from "./options.ts";
import { quietServer } from "./quiet-server.ts";
import { takeCounts, takeSample } from "./take-sample.ts";

/** Measures everything that is chosen, interleaved: each round goes through all of it once, after one that does not count. */
export async function measure(options: BenchOptions): Promise<Measurements> {
  const { redisUrl, rounds } = options;
  const machine = await readMachine(redisUrl);
  const chosen = contenders.filter(({ id }) => isChosen(options.only, id));
  const samples = chosen.map((contender) => ({ contender, samples: [] }));
  const measurements: Measurements = { machine, rounds, samples, ...nothing() };
  const children = new Children();
  const undo = await quietServer(redisUrl);
  try {
    await measureRound(emptied(measurements), children, options, options.runs / 2);
    for (let round = 1; round <= rounds; round += 1) {
      process.stderr.write(`round ${round} of ${rounds}\n`);
      await measureRound(measurements, children, options, options.runs);
    }
  } finally {
    await undo();
    await children.close();
  }
  return measurements;
}

async function measureRound(
  into: Measurements,
  children: Children,
  { redisUrl, only }: BenchOptions,
  base: number,
): Promise<void> {
  for (const { contender, samples } of into.samples) {
    samples.push(await takeSample(children.of(contender.system), redisUrl, contender, base));
  }
  if (isChosen(only, "counts")) {
    into.counts.push(await takeCounts(children.of("counts"), redisUrl));
  }
  if (isChosen(only, "latency")) {
    into.latencies.push(await children.of("latency").ask({ task: "latency", redisUrl }));
  }
  if (isChosen(only, "replay")) {
    const replay = children.of("replay");
    const few = await replay.ask({ task: "replay", redisUrl, calls: 1000, times: 40 });
    const many = await replay.ask({ task: "replay", redisUrl, calls: 10_000, times: 8 });
    into.replays.push([few, many]);
  }
  if (isChosen(only, "enqueue")) {
    into.enqueues.push(await children.of("enqueue").ask({ task: "enqueue", redisUrl }));
  }
  if (isChosen(only, "memory")) {
    into.memory.push(await children.of("memory").ask({ task: "memory", redisUrl }));
  }
  if (isChosen(only, "core")) {
    const ask = (isReconcilable: boolean): Promise<CoreFigures> =>
      children.of("core").ask({ task: "core", isReconcilable, runs: base });
    into.core.push({ completionOnly: await ask(false), reconcilable: await ask(true) });
  }
}

function emptied(measurements: Measurements): Measurements {
  const samples = measurements.samples.map(({ contender }) => ({ contender, samples: [] }));
  return { ...measurements, samples, ...nothing() };
}

function nothing(): Omit<Measurements, "machine" | "rounds" | "samples"> {
  return { counts: [], latencies: [], replays: [], enqueues: [], memory: [], core: [] };
}

type ChildName = SystemName | "counts" | "latency" | "replay" | "enqueue" | "memory" | "core";

/** A process per product, and per task that is no sample, so that none runs what was compiled for another. Each starts when first needed. */
class Children {
  readonly #children = new Map<ChildName, Child>();

  of(name: ChildName): Child {
    const child = this.#children.get(name) ?? new Child();
    this.#children.set(name, child);
    return child;
  }

  async close(): Promise<void> {
    for (const child of this.#children.values()) await child.close();
  }
}
