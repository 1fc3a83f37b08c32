import { layoutKey } from "./keys.ts";
import { type RedisClient, runScript } from "./script.ts";
import { layout as layoutScript } from "./scripts.generated.ts";
import { StoreError } from "./store-error.ts";

/** Of the keys, fields and bytes that docs/redis-layout.md describes. */
export const LAYOUT_VERSION = 1;

/** How a namespace is laid out: the version of docs/redis-layout.md, and over how many shards its runs spread. */
export interface Layout {
  readonly version: number;
  readonly shards: number;
  /** How many there were at first; undefined in a namespace that never grew. */
  readonly first: number | undefined;
  /** Former counts, ascending, by which runs were placed that are still looked for. */
  readonly former: readonly number[];
  /** How many there are to be; undefined unless the namespace grows right now. */
  readonly target: number | undefined;
}

/** A namespace that never grew. */
export function newLayout(shards: number): Layout {
  return { version: LAYOUT_VERSION, shards, first: undefined, former: [], target: undefined };
}

/** All counts by which runs may be placed, ascending. */
export function countsOf({ former, shards, target }: Layout): readonly number[] {
  return target === undefined ? [...former, shards] : [...former, shards, target];
}

/** How many shards there are, those included that a growth under way adds. */
export function allShards({ shards, target = shards }: Layout): number {
  return target;
}

/** One run is kept as a newer release does: its own workers and clients go on with it. */
export function newerLayout(version: string): StoreError {
  return new StoreError(
    `it is kept in layout ${version}, this release knows ${LAYOUT_VERSION}: a worker of the release that wrote it goes on with it; update this process`,
  );
}

/**
 * How a namespace is laid out. When nobody has laid it out yet, it is from now on: over `shards`.
 *
 * @throws StoreError when Redis cannot say.
 */
export async function layOut(
  redis: RedisClient,
  namespace: string,
  shards: number,
): Promise<Layout> {
  const operands = { version: LAYOUT_VERSION, shards };
  const keys = { layout: layoutKey(namespace) };
  const found = await runScript(redis, layoutScript, keys, operands).catch((error: unknown) => {
    throw StoreError.from(`the layout of namespace "${namespace}" cannot be checked`, error);
  });
  const { version, first, former, target } = found;
  return layoutOf(version, found.shards, first, former, target);
}

/**
 * How a namespace is laid out; undefined when nobody has used it yet.
 *
 * @throws StoreError when Redis cannot say.
 */
export async function readLayout(
  redis: RedisClient,
  namespace: string,
): Promise<Layout | undefined> {
  const fields = ["version", "shards", "first", "former", "target"];
  const found = await redis.hmget(layoutKey(namespace), ...fields).catch((error: unknown) => {
    throw StoreError.from(`the layout of namespace "${namespace}" cannot be read`, error);
  });
  const [version, shards, first, former, target] = found.map((value) => value ?? "");
  if (!version || !shards) return undefined;
  return layoutOf(Number(version), Number(shards), first, former, target);
}

function layoutOf(version: number, shards: number, first = "", former = "", target = ""): Layout {
  return {
    version,
    shards,
    first: first === "" ? undefined : Number(first),
    former: former === "" ? [] : former.split(" ").map(Number),
    target: target === "" ? undefined : Number(target),
  };
}

/** @throws StoreError when the namespace is laid out as another release does. */
export function refuseOtherVersion(namespace: string, { version }: Layout): void {
  if (version === LAYOUT_VERSION) return;
  throw new StoreError(
    `namespace "${namespace}" has layout version ${version}, this release knows ${LAYOUT_VERSION}: use the release that wrote it, or another namespace`,
  );
}

/** @throws StoreError when it is laid out otherwise than somebody expects; while it grows, both counts are right. */
export function refuseOther(namespace: string, layout: Layout, expected: number): void {
  refuseOtherVersion(namespace, layout);
  const { shards, target, former } = layout;
  if (expected === shards || expected === target) return;
  const wasSo = former.includes(expected) ? `, and was laid out in ${expected} before it grew` : "";
  const grow =
    expected > shards && target === undefined
      ? `; to have ${expected} shards from now on, run \`npx refrain shards --namespace ${namespace} --grow ${expected}\``
      : "";
  throw new StoreError(
    `namespace "${namespace}" is laid out in ${shards} shards, not ${expected}${wasSo}: give \`shards: ${shards}\` to every client and worker, or leave \`shards\` out, or use another namespace${grow}`,
  );
}
