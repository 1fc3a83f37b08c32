import { fork } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import type { PeerFigures } from "./measure.ts";
import { startPostgres, startRedis, startRestate } from "./servers.ts";

const CALLS = 10;
/** So many that each takes a few seconds. */
const RUNS = { refrain: 6000, restate: 1500, dbos: 400, openworkflow: 400 } as const;
type System = keyof typeof RUNS;

const options = parseArgs({ options: { rounds: { type: "string", default: "3" } } });
const rounds = Number(options.values.rounds);

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
print();

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

function print(): void {
  const [cpu] = os.cpus();
  const load = os.loadavg()[0]?.toFixed(1);
  console.log(
    `${new Date().toISOString()}, ${os.cpus().length} cores of ${cpu?.model}, load ${load}, Node ${process.version}`,
  );
  console.log(
    `W(${CALLS}), every write synced, at most 50 runs at once; ${rounds} rounds, medians (smallest-largest)\n`,
  );
  const base = figures.refrain;
  for (const system of Object.keys(RUNS) as System[]) {
    const own = figures[system];
    const speed = base.map(
      (figure, i) => figure.runsPerSecond / (own[i]?.runsPerSecond ?? Number.NaN),
    );
    const latency = base.map((figure, i) => (own[i]?.p50Ms ?? Number.NaN) / figure.p50Ms);
    console.log(
      [
        system.padEnd(13),
        `${range(
          own.map((figure) => figure.runsPerSecond),
          0,
        )} runs/s`.padEnd(30),
        `Refrain does ${range(speed, 1)} times that`.padEnd(44),
        `alone p50 ${range(
          own.map((figure) => figure.p50Ms),
          2,
        )} ms`.padEnd(38),
        `Refrain takes 1/${range(latency, 1)}`,
      ].join(""),
    );
  }
}

function range(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): string => (sorted[index] ?? Number.NaN).toFixed(digits);
  return `${at(Math.floor(sorted.length / 2))} (${at(0)}-${at(sorted.length - 1)})`;
}
