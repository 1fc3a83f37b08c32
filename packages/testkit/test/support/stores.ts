import { type ActionStateStore, type CommitPort, MemoryStore } from "@refrain/core";
import { RedisStore } from "@refrain/redis-store";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe } from "vitest";
import { RefusingPort } from "../../src/ports/faulty-ports.ts";
import { RecordingPort } from "../../src/ports/recording-port.ts";
import { startRedis } from "../../src/start-redis.ts";
import { Bench, type BenchPorts } from "./bench.ts";

interface OpenBench {
  readonly bench: Bench;
  close(): Promise<void>;
}

const stores: Readonly<Record<string, () => Promise<OpenBench>>> = {
  MemoryStore: openOnMemory,
  RedisStore: openOnRedis,
};

/** Runs one set of tests on every store. The tests get their bench by calling what they are given. */
export function describeOnStores(title: string, tests: (bench: () => Bench) => void): void {
  describe.each(Object.entries(stores))(`${title} on %s`, (_, open) => {
    let opened: OpenBench | undefined;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened?.close());

    tests(() => {
      if (opened === undefined) throw new Error("the store is not open yet");
      return opened.bench;
    });
  });
}

async function openOnMemory(): Promise<OpenBench> {
  const ports = benchPorts();
  const store = new MemoryStore({ wrapPort: ports.wrapPort });
  return { bench: ports.benchOn(store), close: () => store.close() };
}

async function openOnRedis(): Promise<OpenBench> {
  const server = await startRedis();
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  const ports = benchPorts();
  const store = new RedisStore({ redis, wrapPort: ports.wrapPort });
  return {
    bench: ports.benchOn(store),
    async close() {
      await store.close();
      redis.disconnect();
      await server.stop();
    },
  };
}

function benchPorts() {
  let ports: BenchPorts | undefined;
  return {
    wrapPort: (inner: CommitPort): CommitPort => {
      const refusing = new RefusingPort(inner);
      ports = { recording: new RecordingPort(refusing), refusing };
      return ports.recording;
    },
    benchOn(store: ActionStateStore): Bench {
      if (ports === undefined) throw new Error("the store did not ask for its port to be wrapped");
      return new Bench(store, ports);
    },
  };
}
