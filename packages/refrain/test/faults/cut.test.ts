import { ClaimLostError } from "@refrain/core";
import { FaultProxy } from "@refrain/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Harness } from "../support/harness.ts";
import {
  claimRun,
  deliveryOf,
  doneCall,
  newRun,
  type OpenJournal,
  openJournal,
  startedCall,
  stateOf,
} from "./journal-bench.ts";

type Store = OpenJournal["store"];
type NewRun = ReturnType<typeof newRun>;

/** One write of a run, to be cut: what comes before it, and the write. */
interface Write {
  /** Sets the stage; what it returns then does the write, and resolves to a word for what came of it. */
  readonly prepare: (store: Store, run: NewRun) => Promise<() => Promise<string>>;
  /** What the sender hears when another owner claimed the run before its command arrived at all. */
  readonly overtaken: string;
}

type Claimed = Awaited<ReturnType<typeof claimRun>>["claim"];

/** A write of a claim, after a started call in slot 0. */
function written(write: (claim: Claimed) => void): Write {
  return {
    prepare: async (store, run) => {
      await store.create(run);
      const { claim } = await claimRun(store, deliveryOf(run, 1));
      claim.append(startedCall(0));
      await claim.acknowledged();
      return async () => {
        write(claim);
        const lost = (error: unknown) => (error instanceof ClaimLostError ? error.reason : "?");
        return claim.acknowledged().then(() => "acknowledged", lost);
      };
    },
    overtaken: "fenced",
  };
}

const settlement = {
  status: "FAILED",
  payload: Buffer.from("error"),
  failedSlot: undefined,
  retentionMs: 60_000,
} as const;

const WRITES: Readonly<Record<string, Write>> = {
  create: {
    prepare: async (store, run) => async () => (await store.create(run)).kind,
    overtaken: "existing",
  },
  claim: {
    prepare: async (store, run) => {
      await store.create(run);
      const delivery = deliveryOf(run, 1);
      return async () => (await store.claim(delivery)).kind;
    },
    overtaken: "stale",
  },
  append: written((claim) => claim.append(startedCall(1))),
  record: written((claim) => claim.record(doneCall(1))),
  finalize: written((claim) => claim.finalize(doneCall(0))),
  clear: written((claim) => claim.clear(0, 0)),
  settle: written((claim) => claim.settle(settlement)),
  release: written((claim) => claim.release(2)),
  reopen: {
    prepare: async (store, run) => {
      await store.create(run);
      const { claim } = await claimRun(store, deliveryOf(run, 1));
      claim.settle(settlement);
      await claim.acknowledged();
      const v = (await store.read(run.runId))?.v ?? 0;
      return () => reopen(store, run, "request", v);
    },
    overtaken: "moved",
  },
};

async function reopen(
  store: Store,
  { runId }: NewRun,
  requestId: string,
  v: number,
): Promise<string> {
  const nothing = { call: undefined, reopened: [] } as const;
  return (await store.reopen({ runId, requestId, v, ...nothing })).kind;
}

const harness = new Harness();
const namespace = "cut";
let proxy: FaultProxy;
let cut: OpenJournal;
let other: OpenJournal;
let redis: Redis;
let runs = 0;

beforeAll(async () => {
  const { port, url } = harness.server;
  proxy = await FaultProxy.start({ port });
  cut = openJournal(proxy.url, namespace);
  other = openJournal(url, namespace);
  redis = new Redis(url);
});

afterAll(async () => {
  await cut[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  redis.disconnect();
  await proxy.close();
});

/** Sets a stage, and does the write once the way is as `order` wants it. */
async function carryOut({ prepare }: Write, order: () => void) {
  runs += 1;
  const run = newRun(`run-${runs}`);
  const write = await prepare(cut.store, run);
  order();
  return { run, answer: write() };
}

const state = (run: NewRun): Promise<unknown> => stateOf(redis, namespace, run.runId);

/** Another owner takes the run, as after a lock that ran out, and gets on with it. A settled one is reopened for that. */
async function takeOver(run: NewRun): Promise<void> {
  await other.store.create({ ...run, requestId: "another" });
  const found = await other.store.read(run.runId);
  if (found?.status === "FAILED") await reopen(other.store, run, "another", found.v);
  const { claim } = await claimRun(other.store, deliveryOf(run, 9));
  claim.record(doneCall(7));
  await claim.acknowledged();
}

describe.each(Object.entries(WRITES))("F8 a connection that is cut at %s", (_, write) => {
  test.each(["cutBefore", "cutAfter"] as const)("(%s) leaves what no cut leaves", async (how) => {
    const undisturbed = await carryOut(write, () => {});
    const expected = await undisturbed.answer;
    const before = proxy.cuts;

    const { run, answer } = await carryOut(write, () => proxy[how]("EVAL"));

    expect(await answer).toBe(expected);
    expect(await state(run)).toEqual(await state(undisturbed.run));
    expect(proxy.cuts - before).toBe(1);
  });

  test("changes nothing when its command arrives after another owner has claimed", async () => {
    const { run, answer } = await carryOut(write, () => proxy.cutLate("EVAL"));
    await answer;
    await takeOver(run);
    const before = await state(run);
    const late = proxy.late;

    await proxy.arrive();

    expect(await state(run)).toEqual(before);
    expect(proxy.late - late).toBe(1);
  });

  test("is told so when another owner has claimed before it is back", async () => {
    const { run, answer } = await carryOut(write, () => {
      proxy.cutBefore("EVAL");
      cut.redis.once("close", () => proxy.refuse());
    });
    await new Promise((resolve) => cut.redis.once("close", resolve));
    await takeOver(run);
    const before = await state(run);

    proxy.heal();

    expect(await answer).toBe(write.overtaken);
    expect(await state(run)).toEqual(before);
  });
});
