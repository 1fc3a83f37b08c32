import { RedisCluster } from "@refrain/testkit";
import type { Place } from "../system.ts";

/** A cluster without replicas, whose servers are as quiet as the bench's own. */
export function startCluster(masters: number): Promise<RedisCluster> {
  return RedisCluster.start({ masters, args: ["--auto-aof-rewrite-percentage", "0"] });
}

/** Where shards lie on as many masters as they can: which ones they get is up to their names. */
export async function clusterPlace(
  cluster: RedisCluster,
  base: Place,
  shards: number,
): Promise<Place> {
  const wanted = Math.min(shards, cluster.servers.length);
  for (let tries = 0; ; tries += 1) {
    const namespace = `${base.namespace}-${tries}`;
    const owners = new Set<number>();
    for (let shard = 0; shard < shards; shard += 1) {
      const { port } = await cluster.ownerOf(await cluster.slotOf(`{${namespace}:${shard}}`));
      owners.add(port);
    }
    if (owners.size === wanted) return { ...base, namespace, shards, seeds: cluster.seeds };
  }
}
