import { MemoryStore } from "@refrain/core";
import { afterAll, beforeAll, describe } from "vitest";
import { RecordingPort } from "../../src/ports/recording-port.ts";
import { Bench } from "./bench.ts";

interface OpenBench {
  readonly bench: Bench;
  close(): Promise<void>;
}

const stores: Readonly<Record<string, () => Promise<OpenBench>>> = {
  MemoryStore: openOnMemory,
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
  const { wrapPort, port } = recording();
  const store = new MemoryStore({ wrapPort });
  return { bench: new Bench(store, port()), close: () => store.close() };
}

function recording() {
  const ports: RecordingPort[] = [];
  return {
    wrapPort: (inner: ConstructorParameters<typeof RecordingPort>[0]): RecordingPort => {
      const port = new RecordingPort(inner);
      ports.push(port);
      return port;
    },
    port: (): RecordingPort => {
      const [port] = ports;
      if (port === undefined) throw new Error("the store did not ask for its port to be wrapped");
      return port;
    },
  };
}
