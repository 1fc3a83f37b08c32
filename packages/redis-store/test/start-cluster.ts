import { eventually, type RedisServer, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { expect } from "vitest";

export interface Nodes extends AsyncDisposable {
  readonly nodes: readonly RedisServer[];
}

const SLOTS = 16_384;

/** A cluster whose nodes share the slots. Each is started as if it were the only one. */
export async function startCluster(count: number, args: readonly string[] = []): Promise<Nodes> {
  const nodes = await Promise.all(
    Array.from({ length: count }, () => startRedis({ cluster: true, args })),
  );
  const clients = nodes.map(({ url }) => new Redis(url));
  const bounds = Array.from({ length: count + 1 }, (_, i) => Math.floor((SLOTS * i) / count));
  for (const [index, client] of clients.entries()) {
    const [from = 0, to = 0] = bounds.slice(index);
    if (from > 0) await client.cluster("DELSLOTSRANGE", 0, from - 1);
    if (to < SLOTS) await client.cluster("DELSLOTSRANGE", to, SLOTS - 1);
    await client.call("CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
  }
  for (const [index, { port }] of nodes.entries()) {
    const bus = String((await clients[index]?.config("GET", "cluster-port"))?.[1]);
    await clients[0]?.call("CLUSTER", "MEET", "127.0.0.1", String(port), bus);
  }
  await eventually(async () => {
    for (const client of clients) {
      const info = await client.cluster("INFO");
      expect(info).toContain("cluster_state:ok");
      expect(info).toContain(`cluster_known_nodes:${count}`);
      expect(info).toContain(`cluster_size:${count}`);
    }
  });
  for (const client of clients) client.disconnect();
  return {
    nodes,
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}
