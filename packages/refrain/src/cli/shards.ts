import { type ParseArgsConfig, parseArgs } from "node:util";
import {
  checkNamespace,
  checkShards,
  countLive,
  endConnection,
  forgetFormer,
  type GrowthStep,
  growShards,
  type Layout,
  type RedisClient,
  readLayout,
  type ShardRuns,
} from "@refrain/redis-store";
import { CONNECTION_OPTIONS, openConnection, TLS_USAGE, URL_USAGE } from "./connection-options.ts";

export const SHARDS_USAGE: string = `refrain shards [options]

Shows over how many shards the runs of a namespace spread, and how many live runs each has. A namespace that grew is searched by
its former counts as well, until no run is left that only they lead to.

  --grow <n>             has n shards from now on, while clients and workers work; again, where it was broken off, or
                         where Redis lost a part of it
  --forget               drops the former counts when no run needs them any more; looks at every key, and needs +scan; not
                         while slots of a cluster move
  ${URL_USAGE}
  --namespace <name>     default: refrain
  ${TLS_USAGE}
  --json                 for programs

Exit codes: 0 done; 1 runs still need the former counts; 2 nothing could be done, or the command was wrong.`;

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  namespace: { type: "string", default: "refrain" },
  grow: { type: "string" },
  forget: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const satisfies ParseArgsConfig["options"];

/** @returns the exit code */
export async function shards(args: readonly string[]): Promise<number> {
  const values = read(args);
  const { namespace, count, forget, json } = values;
  const tell = json ? () => {} : print;
  const redis = await openConnection(values);
  try {
    if (count !== undefined) {
      const onStep = (step: GrowthStep): void => tell(describeStep(step));
      const hasGrown = await growShards({ redis, namespace, shards: count, onStep });
      if (!hasGrown) tell(`namespace ${namespace} has ${count} shards already`);
    }
    const inTheWay = forget ? await forgetFormer(redis, namespace) : 0;
    await show(redis, namespace, json);
    if (inTheWay === 0) return 0;
    tell(`\n${inTheWay} runs, live or settled, still need the former counts: nothing was dropped`);
    return 1;
  } finally {
    endConnection(redis);
  }
}

/** @throws TypeError that says what is wrong with the arguments. */
function read(args: readonly string[]) {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  checkNamespace(values.namespace);
  const count = values.grow === undefined ? undefined : Number(values.grow);
  if (count !== undefined) checkShards(count);
  if (count !== undefined && values.forget) {
    throw new TypeError("--grow and --forget are two things: do one after the other");
  }
  return { ...values, count };
}

async function show(redis: RedisClient, namespace: string, json: boolean): Promise<void> {
  const layout = await readLayout(redis, namespace);
  const runs = layout === undefined ? [] : await countLive(redis, namespace, layout);
  if (json) print(JSON.stringify({ namespace, layout, shards: runs }, null, 2));
  else print(describeShards(namespace, layout, runs));
}

function describeStep(step: GrowthStep): string {
  switch (step.kind) {
    case "begun":
      return `growing from ${step.from} to ${step.to} shards; should this be broken off, run it again`;
    case "placed":
      return `shard ${step.shard} takes new runs by the new count`;
    case "grown":
      return "grown: workers take runs from the new shards within seconds\n";
  }
}

function describeShards(
  namespace: string,
  layout: Layout | undefined,
  runs: readonly ShardRuns[],
): string {
  if (layout === undefined) return `namespace ${namespace}: nobody has used it yet`;
  const { shards: count, former, target } = layout;
  const was = former.length === 0 ? "" : `, formerly ${former.join(" and ")}`;
  const grows =
    target === undefined ? "" : `, growing to ${target}: \`--grow ${target}\` finishes that`;
  const width = String(runs.length - 1).length;
  const lines = runs.map(({ shard, live, formerLive }) => {
    const left = formerLive === 0 ? "" : `, ${formerLive} of them placed by a former count`;
    return `  shard ${String(shard).padStart(width)}  ${live} live${left}`;
  });
  return [`namespace ${namespace}: ${count} shards${was}${grows}`, ...lines].join("\n");
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
