import { slopeOf } from "../statistics.ts";
import type { Fleet } from "./fleet.ts";
import type { OutsideWorld } from "./outside-world.ts";
import type { Check, Watch } from "./watch.ts";

/** What may rise how fast: below both limits it is noise. */
const LIMITS = [
  { name: "RSS of a worker", figure: "rssMb", perMinute: 0.5, inAll: 10 },
  { name: "heap of a worker", figure: "heapMb", perMinute: 0.1, inAll: 2 },
  { name: "Redis used_memory", figure: "redisMb", perMinute: 0.1, inAll: 2 },
] as const;

/** The first part of a soak, in which caches fill and what is retained piles up. */
const WARM_UP = 0.2;

export interface Verdict {
  readonly lines: readonly string[];
  readonly isGood: boolean;
}

export function judgeSoak(
  watch: Pick<Watch, "checks" | "leaks">,
  world: Pick<OutsideWorld, "breaches" | "judged" | "resumed" | "announcedDoubles">,
  fleet: Pick<Fleet, "kills" | "accidents">,
): Verdict {
  const problems = [...world.breaches, ...fleet.accidents];
  for (const key of watch.leaks) problems.push(`a key without a TTL of no live run: ${key}`);
  if (world.resumed === 0) problems.push("no kill hit a run: that proves nothing");
  const end = watch.checks.at(-1)?.minute ?? 0;
  const steady = watch.checks.filter(({ minute }) => minute >= Math.max(end * WARM_UP, 1));
  const lines = [
    `${world.judged} runs judged, ${fleet.kills} workers killed, ${world.resumed} runs resumed by another, ${world.announcedDoubles} plain calls repeated after a kill`,
  ];
  if (steady.length < 3)
    problems.push("too short to tell whether memory is flat: give it 2 minutes");
  else {
    for (const limit of LIMITS) {
      const { line, isLeak } = trendOf(limit, steady);
      lines.push(line);
      // Ahead of what may be many.
      if (isLeak) problems.unshift(`it grows: ${line}`);
    }
  }
  const shown = problems.slice(0, 20);
  if (problems.length > shown.length) shown.push(`and ${problems.length - shown.length} more`);
  const isGood = problems.length === 0;
  const word = isGood
    ? "SOUND: nothing lost, nothing doubled unannounced, nothing leaked"
    : "NOT SOUND";
  return { lines: [...lines, ...shown, word], isGood };
}

function trendOf(
  { name, figure, perMinute, inAll }: (typeof LIMITS)[number],
  checks: readonly Check[],
): { readonly line: string; readonly isLeak: boolean } {
  const figures = checks.map((check) => check[figure]);
  const slope = slopeOf(checks.map((check) => ({ at: check.minute, figure: check[figure] })));
  const minutes = (checks.at(-1)?.minute ?? 0) - (checks[0]?.minute ?? 0);
  const range = `${Math.min(...figures).toFixed(1)}-${Math.max(...figures).toFixed(1)} MB`;
  const line = `${name}: ${slope.toFixed(3)} MB/min over ${minutes.toFixed(1)} min (${range}; limit ${perMinute})`;
  return { line, isLeak: slope > perMinute && slope * minutes > inAll };
}
