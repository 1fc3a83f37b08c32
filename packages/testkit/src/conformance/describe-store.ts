import type { CommitPort } from "@refrain/core";
import { describe, expect, it } from "vitest";
import { LatePort, RepeatingPort, type Snapshot } from "../ports/copying-ports.ts";
import { claimTests } from "./claim-tests.ts";
import { createTests } from "./create-tests.ts";
import { fenceTests } from "./fence-tests.ts";
import { fullTests } from "./full-tests.ts";
import { hostileTests } from "./hostile-tests.ts";
import { journalTests } from "./journal-tests.ts";
import { lifeTests, type OpenStore } from "./life-tests.ts";
import { limitTests } from "./limit-tests.ts";
import { readTests } from "./read-tests.ts";
import { reopenTests } from "./reopen-tests.ts";
import { settleTests } from "./settle-tests.ts";
import { sizeTests } from "./size-tests.ts";
import { type CreateStore, StoreTest, type StoreTests } from "./store-test.ts";

const topics: Readonly<Record<string, StoreTests>> = {
  create: createTests,
  claim: claimTests,
  journal: journalTests,
  fence: fenceTests,
  "settle and release": settleTests,
  reopen: reopenTests,
  "read, rebuild and prune": readTests,
  sizes: sizeTests,
  "hostile bytes": hostileTests,
};

/** What stands between the store and its port. */
type Copies = "none" | "at once" | "late";

const variants: Readonly<Record<Copies, string>> = {
  none: "every batch sent once",
  "at once": "every batch sent twice",
  late: "late copies of every batch",
};

/**
 * The one suite that every store passes: the promises of `ActionStateStore` and `Claim`, with every batch sent once, with
 * every batch sent twice, and with late copies of batches. Call it at the top level of a vitest file.
 *
 * @param create makes an empty store for each test
 */
export function describeStore(name: string, create: CreateStore): void {
  describe(name, () => {
    for (const [copies, title] of Object.entries(variants) as [Copies, string][]) {
      describe(title, () => {
        for (const [topic, tests] of Object.entries(topics)) {
          describe(topic, () => {
            listTests(tests, create, copies);
          });
        }
        describe("full", () => {
          listOpeningTests(fullTests, create, copies);
        });
      });
    }
    describe("limits", () => {
      listTests(limitTests, create, "none");
    });
    describe("loss and close", () => {
      listOpeningTests(lifeTests, create, "none");
    });
  });
}

function listTests(tests: StoreTests, create: CreateStore, copies: Copies): void {
  for (const [title, test] of Object.entries(tests)) {
    it(title, async () => {
      const bench = await openBench(create, copies);
      try {
        await test(bench.test);
        await bench.check();
      } finally {
        await bench.close();
      }
    });
  }
}

/** Lists tests that open their store themselves, with a port of their own. */
function listOpeningTests(
  tests: Readonly<Record<string, (open: OpenStore) => Promise<void>>>,
  create: CreateStore,
  copies: Copies,
): void {
  for (const [title, test] of Object.entries(tests)) {
    it(title, async () => {
      const benches: Bench[] = [];
      try {
        await test(async (wrapPort) => {
          const bench = await openBench(create, copies, wrapPort);
          benches.push(bench);
          return bench.test;
        });
        if (copies !== "none") for (const bench of benches) await bench.check();
      } finally {
        for (const bench of benches) await bench.abandon();
      }
    });
  }
}

interface Bench {
  readonly test: StoreTest;
  /** What must hold after every test. */
  check(): Promise<void>;
  close(): Promise<void>;
  /** Closes without waiting for what will never be answered. */
  abandon(): Promise<void>;
}

async function openBench(
  create: CreateStore,
  copies: Copies,
  wrapPort: (port: CommitPort) => CommitPort = (port) => port,
): Promise<Bench> {
  const ports: (CommitPort | RepeatingPort | LatePort)[] = [];
  const snapshot: Snapshot = (runId) => under.store.read(runId);
  const under = await create({
    wrapPort: (port) => {
      const copying = copyingPort(copies, port, snapshot);
      ports.push(copying);
      return wrapPort(copying);
    },
  });
  const [port] = ports;
  if (port === undefined) throw new Error("the store did not ask for its port to be wrapped");
  return {
    test: new StoreTest(under.store, port),
    async check() {
      const flaws: string[] = [];
      for (const copying of ports) {
        if (copying instanceof LatePort) await copying.sendAll();
        flaws.push(...("flaws" in copying ? copying.flaws : []));
      }
      expect(flaws).toEqual([]);
      expect((await under.keysWithoutTtl?.()) ?? []).toEqual([]);
    },
    close: () => under.close(),
    abandon: () => Promise.race([under.close(), new Promise<void>((done) => setImmediate(done))]),
  };
}

function copyingPort(copies: Copies, port: CommitPort, snapshot: Snapshot): CommitPort {
  if (copies === "at once") return new RepeatingPort(port, snapshot);
  return copies === "late" ? new LatePort(port, snapshot) : port;
}
