// One product in a process of its own: it tells its parent its figures.
import { dbos } from "./dbos.ts";
import { openworkflow } from "./openworkflow.ts";
import type { Peer } from "./peer.ts";
import { refrain } from "./refrain.ts";
import { restateSystem } from "./restate.ts";

export interface PeerFigures {
  readonly runsPerSecond: number;
  /** One run alone. */
  readonly p50Ms: number;
}

const [system = "", address = "", runsText = "", callsText = ""] = process.argv.slice(2);

function start(): Promise<Peer> {
  switch (system) {
    case "refrain":
      return refrain(address);
    case "restate":
      return restateSystem(JSON.parse(address));
    case "dbos":
      return dbos(address);
    case "openworkflow":
      return openworkflow(address);
    default:
      throw new Error(`unknown product "${system}"`);
  }
}

const ALONE = 60;

const runs = Number(runsText);
const calls = Number(callsText);
const peer = await start();
await peer.throughputMs(Math.ceil(runs / 4), calls);
const ms = await peer.throughputMs(runs, calls);
const alone: number[] = [];
for (let i = 0; i < ALONE; i++) {
  const startedAt = performance.now();
  await peer.once(calls);
  alone.push(performance.now() - startedAt);
}
alone.sort((a, b) => a - b);
const figures: PeerFigures = { runsPerSecond: (runs / ms) * 1000, p50Ms: alone[ALONE / 2] ?? 0 };
process.send?.(figures);
await peer.stop();
process.exit(0);
