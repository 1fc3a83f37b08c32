import { fork } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { markdownTable, writeSection } from "../../src/markdown.ts";
import { median, spreadText } from "../../src/statistics.ts";
import { textTable } from "../../src/text-table.ts";
import { wholeNumber } from "../../src/whole-number.ts";
import type { PeerFigures } from "./measure.ts";
import { startPostgres, startRedis, startRestate } from "./servers.ts";

const CALLS = 10;
/** So many that each takes a few seconds. */
const RUNS = { refrain: 6000, restate: 1500, dbos: 400, openworkflow: 400 } as const;
type System = keyof typeof RUNS;

/** How many times as many runs/s Refrain is to do, and how many times faster a run alone is to be. */
const TARGETS = {
  restate: { speed: 8, latency: 6 },
  dbos: { speed: 25 },
  openworkflow: { speed: 25 },
} as const;

const HEAD = [
  "",
  "runs/s",
  "Refrain does times that",
  "target",
  "alone, p50 ms",
  "times Refrain's",
  "target",
];

const options = parseArgs({
  options: { rounds: { type: "string", default: "3" }, markdown: { type: "string" } },
});
const rounds = wholeNumber("--rounds", options.values.rounds);

const figures: Record<System, PeerFigures[]> = {
  refrain: [],
  restate: [],
  dbos: [],
  openworkflow: [],
};
for (let round = 1; round <= rounds; round++) {
  for (const system of Object.keys(RUNS) as System[]) {
    // Each has the machine to itself: only its own server runs.
    const server = await serverOf(system, round);
    figures[system].push(await measure(system, server.address));
    await server.stop();
  }
  process.stderr.write(`round ${round} of ${rounds}\n`);
}
console.log(`${conditions()}\n\n${textTable(HEAD, cells())}`);
if (options.values.markdown !== undefined) {
  const text = `${conditions()}.\n\n${markdownTable(HEAD, cells())}`;
  await writeSection(options.values.markdown, "peers", text);
}

async function serverOf(
  system: System,
  round: number,
): Promise<{ address: string; stop(): Promise<void> }> {
  if (system === "refrain") return startRedis();
  if (system === "restate") {
    const server = await startRestate();
    return { address: JSON.stringify(server.address), stop: () => server.stop() };
  }
  const server = await startPostgres();
  return { address: await server.address(`${system}_${round}`), stop: () => server.stop() };
}

function measure(system: System, address: string): Promise<PeerFigures> {
  const program = path.join(import.meta.dirname, "measure.ts");
  const args = [system, address, `${RUNS[system]}`, `${CALLS}`];
  // What it logs goes nowhere, as that of a service would go to a file.
  const child = fork(program, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  return new Promise((resolve, reject) => {
    child.once("message", (answer) => resolve(answer as PeerFigures));
    child.once("exit", (code) => reject(new Error(`${system} ended with code ${code}`)));
  });
}

function conditions(): string {
  const [cpu] = os.cpus();
  const load = os.loadavg()[0]?.toFixed(1);
  return `${new Date().toISOString()}, ${os.cpus().length} cores of ${cpu?.model}, load ${load}, Node ${process.version}; W(${CALLS}), every write synced, at most 50 runs at once; ${rounds} rounds, medians (smallest-largest)`;
}

function cells(): string[][] {
  const base = figures.refrain;
  return (Object.keys(RUNS) as System[]).map((system) => {
    const own = figures[system];
    const targets: { readonly speed?: number; readonly latency?: number } =
      system === "refrain" ? {} : TARGETS[system];
    const speeds = own.map(
      (figure, i) => (base[i]?.runsPerSecond ?? Number.NaN) / figure.runsPerSecond,
    );
    const latencies = own.map((figure, i) => figure.p50Ms / (base[i]?.p50Ms ?? Number.NaN));
    return [
      system,
      spreadText(
        own.map((figure) => figure.runsPerSecond),
        0,
      ),
      spreadText(speeds, 1),
      verdict(speeds, targets.speed),
      spreadText(
        own.map((figure) => figure.p50Ms),
        2,
      ),
      spreadText(latencies, 1),
      verdict(latencies, targets.latency),
    ];
  });
}

function verdict(ratios: readonly number[], target: number | undefined): string {
  if (target === undefined) return "";
  return `>= ${target}: ${median(ratios) >= target ? "met" : "missed"}`;
}
