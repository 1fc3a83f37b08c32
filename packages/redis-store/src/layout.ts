import { layoutKey } from "./keys.ts";
import { type RedisClient, runScript } from "./script.ts";
import { layout } from "./scripts.generated.ts";
import { StoreError } from "./store-error.ts";

/** Of the keys, fields and bytes that docs/redis-layout.md describes. */
export const LAYOUT_VERSION = 1;

/** One run is kept as a newer release does: its own workers and clients go on with it. */
export function newerLayout(version: string): StoreError {
  return new StoreError(
    `it is kept in layout ${version}, this release knows ${LAYOUT_VERSION}: a worker of the release that wrote it goes on with it; update this process`,
  );
}

/**
 * Writes down how a namespace is laid out, when nobody has yet. Another number of shards would look for runs where they are
 * not, so it is refused.
 *
 * @throws StoreError when the namespace is laid out otherwise, or when Redis cannot say.
 */
export async function checkLayout(
  redis: RedisClient,
  namespace: string,
  shards: number,
): Promise<void> {
  const operands = { version: LAYOUT_VERSION, shards };
  const outcome = await runScript(redis, layout, { layout: layoutKey(namespace) }, operands).catch(
    (error: unknown) => {
      throw StoreError.from(`the layout of namespace "${namespace}" cannot be checked`, error);
    },
  );
  if (outcome.tag === "different") refuseOther(namespace, outcome, shards);
}

/**
 * The same for those who only read: nothing is written down, and a namespace that nobody has laid out yet will do.
 *
 * @throws StoreError when the namespace is laid out otherwise, or when Redis cannot say.
 */
export async function checkLayoutIfAny(
  redis: RedisClient,
  namespace: string,
  shards: number,
): Promise<void> {
  const found = await readLayout(redis, namespace);
  if (found !== undefined) refuseOther(namespace, found, shards);
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
  const key = layoutKey(namespace);
  const found = await redis.hmget(key, "version", "shards").catch((error: unknown) => {
    throw StoreError.from(`the layout of namespace "${namespace}" cannot be read`, error);
  });
  const [version, shards] = found.map((value) => (value === null ? undefined : Number(value)));
  return version === undefined || shards === undefined ? undefined : { version, shards };
}

/** How a namespace is laid out: the version of docs/redis-layout.md, and over how many shards its runs spread. */
export interface Layout {
  readonly version: number;
  readonly shards: number;
}

function refuseOther(namespace: string, found: Layout, shards: number): void {
  if (found.version !== LAYOUT_VERSION) {
    throw new StoreError(
      `namespace "${namespace}" has layout version ${found.version}, this release knows ${LAYOUT_VERSION}: use the release that wrote it, or another namespace`,
    );
  }
  if (found.shards === shards) return;
  throw new StoreError(
    `namespace "${namespace}" is laid out in ${found.shards} shards, not ${shards}: give \`shards: ${found.shards}\` to every client and worker, or use another namespace`,
  );
}
