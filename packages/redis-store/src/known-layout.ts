import {
  type Layout,
  layOut,
  newLayout,
  readLayout,
  refuseOther,
  refuseOtherVersion,
} from "./layout.ts";
import { type Placement, placementsOf, shardNumbers, shardsOf } from "./placement.ts";
import type { RedisClient } from "./script.ts";
import { checkShards } from "./shard-of.ts";

export interface KnownLayoutOptions {
  readonly redis: RedisClient;
  readonly namespace: string;
  /** What the namespace is expected to be laid out in; undefined to take it as it is. */
  readonly shards: number | undefined;
}

/**
 * What a process knows of its namespace's layout. Others may let the namespace grow at any time: then what is known is still
 * safe to go by, and Redis tells who must know more.
 */
export class KnownLayout {
  readonly #options: KnownLayoutOptions;
  #known: Layout;

  /** @throws TypeError on a bad number of shards. */
  constructor(options: KnownLayoutOptions) {
    const { shards } = options;
    if (shards !== undefined) checkShards(shards);
    this.#options = options;
    this.#known = newLayout(shards ?? 1);
  }

  get namespace(): string {
    return this.#options.namespace;
  }

  get current(): Layout {
    return this.#known;
  }

  /** The numbers of all shards. */
  get shards(): readonly number[] {
    return shardNumbers(this.#known);
  }

  /** Where a run may be created, in the order in which that is to be tried. */
  placementsOf(runId: string): readonly Placement[] {
    return placementsOf(runId, this.#known);
  }

  /** The shards a run may be in. */
  shardsOf(runId: string): readonly number[] {
    return shardsOf(runId, this.#known);
  }

  /**
   * Learns the layout, and writes it down where nobody has.
   *
   * @throws StoreError when the namespace is laid out otherwise than expected, or when Redis cannot say.
   */
  async ready(): Promise<void> {
    const { redis, namespace, shards } = this.#options;
    const found = await layOut(redis, namespace, shards ?? 1);
    if (shards === undefined) refuseOtherVersion(namespace, found);
    else refuseOther(namespace, found, shards);
    this.#known = found;
  }

  /**
   * The same for those who only read: nothing is written down, and a namespace that nobody has laid out yet will do.
   *
   * @throws StoreError when the namespace is laid out otherwise than expected, or when Redis cannot say.
   */
  async readyToRead(): Promise<void> {
    const { redis, namespace, shards } = this.#options;
    const found = await readLayout(redis, namespace);
    if (found === undefined) return;
    if (shards === undefined) refuseOtherVersion(namespace, found);
    else refuseOther(namespace, found, shards);
    this.#known = found;
  }

  /**
   * Looks whether the namespace has grown.
   *
   * @throws StoreError when another release has laid it out meanwhile, or when Redis cannot say.
   */
  async refresh(): Promise<void> {
    const { redis, namespace } = this.#options;
    const found = await readLayout(redis, namespace);
    if (found === undefined) return;
    refuseOtherVersion(namespace, found);
    this.#known = found;
  }
}
