import { randomUUID } from "node:crypto";
import { type Durability, RedisStore, type RedisStoreOptions } from "@refrain/redis-store";
import { Redis } from "ioredis";
import {
  GenericContainer,
  getContainerRuntimeClient,
  type StartedTestContainer,
  Wait,
} from "testcontainers";
import { afterAll, beforeAll, describe, it } from "vitest";
import { describeStore } from "../../src/conformance/describe-store.ts";
import { keysWithoutTtl } from "../../src/key-leaks.ts";

// The servers that the store suite is to pass on; the one at hand has its turn with the other tests.
const servers: Readonly<Record<string, string>> = {
  "redis:7.2-alpine": "redis-server",
  "redis:7.4-alpine": "redis-server",
  "redis:8-alpine": "redis-server",
  "valkey/valkey:8-alpine": "valkey-server",
};
const START_WITHIN_MS = 180_000;

const obstacle = await whyNoContainers();

for (const [image, binary] of Object.entries(servers)) {
  if (obstacle === undefined) {
    describe(image, () => {
      runSuite(image, binary);
    });
  } else {
    it.skip(`${image}: ${obstacle}`, () => {});
  }
}

function runSuite(image: string, binary: string): void {
  let container: StartedTestContainer | undefined;

  beforeAll(async () => {
    container = await new GenericContainer(image)
      .withCommand([binary, "--appendonly", "yes", "--maxmemory-policy", "noeviction"])
      .withExposedPorts(6379)
      .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
      .start();
  }, START_WITHIN_MS);
  afterAll(() => container?.stop());

  // WAITAOF came with Redis 7.2: what older servers cannot show is shown here.
  for (const durability of [undefined, { fsync: true } as const]) {
    const what = durability === undefined ? "" : ", its file synced";
    describeStore(`RedisStore on ${image}${what}`, ({ wrapPort }) =>
      openStore(wrapPort, durability),
    );
  }

  async function openStore(
    wrapPort: RedisStoreOptions["wrapPort"],
    durability: Durability | undefined,
  ) {
    if (container === undefined) throw new Error(`${image} did not start`);
    const redis = new Redis(container.getMappedPort(6379), container.getHost(), {
      maxRetriesPerRequest: null,
    });
    const namespace = randomUUID();
    const given = { ...(wrapPort && { wrapPort }), ...(durability && { durability }) };
    const store = new RedisStore({ redis, namespace, ...given });
    await store.ready();
    return {
      store,
      keysWithoutTtl: () => keysWithoutTtl(redis, namespace),
      async close() {
        await store.close();
        redis.disconnect();
      },
    };
  }
}

/** Undefined where a Docker engine answers, else what is in the way. */
async function whyNoContainers(): Promise<string | undefined> {
  try {
    await getContainerRuntimeClient();
    return undefined;
  } catch (error) {
    return `skipped, no Docker engine answers (${error instanceof Error ? error.message : String(error)})`;
  }
}
