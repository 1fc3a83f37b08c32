import { layoutKey, ShardKeys } from "./keys.ts";
import { LAYOUT_VERSION, readLayout } from "./layout.ts";
import { type RedisClient, runScript } from "./script.ts";
import { grow, grown, place } from "./scripts.generated.ts";
import { checkShards } from "./shard-of.ts";
import { StoreError } from "./store-error.ts";

/** What has been done of a growth, in this order: `placed` once for each shard, those that are new before the others. */
export type GrowthStep =
  | { readonly kind: "begun"; readonly from: number; readonly to: number }
  | { readonly kind: "placed"; readonly shard: number }
  | { readonly kind: "grown" };

export interface GrowOptions {
  readonly redis: RedisClient;
  readonly namespace: string;
  /** How many there are to be. */
  readonly shards: number;
  /** Told of each step when it is done; the next one waits for it. */
  readonly onStep?: (step: GrowthStep) => void | Promise<void>;
}

/**
 * Lays a namespace out over more shards, while its clients and workers work. Runs stay where they are; new ones spread over all
 * shards. Wherever this ends half-way nothing is wrong, and the same call again finishes it. It also tells those shards again that
 * forgot their count with Redis's last writes.
 *
 * @returns whether anything was left to be done
 * @throws TypeError on a bad number of shards, StoreError when the namespace cannot grow to it or when Redis fails.
 */
export async function growShards(options: GrowOptions): Promise<boolean> {
  const { redis, namespace, shards, onStep = () => {} } = options;
  checkShards(shards);
  try {
    const layout = layoutKey(namespace);
    const version = LAYOUT_VERSION;
    const begun = await runScript(redis, grow, { layout }, { version, shards });
    if (begun.tag === "grown") return await placeForgotten(options);
    if (begun.tag !== "growing") throw refusal(namespace, shards, begun);
    const from = begun.shards;
    await onStep({ kind: "begun", from, to: shards });
    // A client that is sent on by an old shard must find the new one ready.
    for (const shard of [...numbers(from, shards), ...numbers(0, from)]) {
      await placeIn(shard, options);
      await onStep({ kind: "placed", shard });
    }
    const ended = await runScript(redis, grown, { layout }, { shards });
    if (ended.tag === "moved") throw new StoreError("its layout was changed meanwhile: try again");
    await onStep({ kind: "grown" });
    return true;
  } catch (error) {
    throw StoreError.from(`namespace "${namespace}" has not grown to ${shards} shards`, error);
  }
}

/** @returns whether any shard had forgotten its count */
async function placeForgotten(options: GrowOptions): Promise<boolean> {
  const { redis, namespace, shards, onStep = () => {} } = options;
  const layout = await readLayout(redis, namespace);
  // In a namespace that never grew, no shard says anything.
  if (layout?.first === undefined) return false;
  let hasPlaced = false;
  for (const shard of numbers(0, shards).toReversed()) {
    if (!(await placeIn(shard, options))) continue;
    hasPlaced = true;
    await onStep({ kind: "placed", shard });
  }
  return hasPlaced;
}

/** @returns whether the shard took runs by another count until now */
async function placeIn(shard: number, options: GrowOptions): Promise<boolean> {
  const { redis, namespace, shards } = options;
  const keys = new ShardKeys(namespace, shard);
  const placed = await runScript(redis, place, { shards: keys.shards }, { count: shards });
  if (placed.tag === "later") throw refusal(namespace, shards, { ...placed, tag: "fewer" });
  return placed.tag === "placed";
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

type Refusal =
  | { readonly tag: "missing" }
  | { readonly tag: "fewer"; readonly shards: number }
  | { readonly tag: "busy"; readonly target: number }
  | { readonly tag: "other"; readonly version: number };

function refusal(namespace: string, shards: number, why: Refusal): StoreError {
  switch (why.tag) {
    case "missing":
      return new StoreError(
        `nobody has used it yet: give \`shards: ${shards}\` to the clients and workers that do`,
      );
    case "fewer":
      return new StoreError(
        `it has ${why.shards}, and a namespace cannot shrink: nobody would look for the runs of the shards that go. Let it run empty, and use another one`,
      );
    case "busy":
      return new StoreError(
        `it is growing to ${why.target}: finish that first, with \`npx refrain shards --namespace ${namespace} --grow ${why.target}\``,
      );
    case "other":
      return new StoreError(
        `it has layout version ${why.version}, this release knows ${LAYOUT_VERSION}: use the release that wrote it`,
      );
  }
}
