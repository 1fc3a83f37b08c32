import { type Claim, ClaimLostError, encodeCall, type Group, type GroupReply } from "@refrain/core";
import { expect } from "vitest";
import { pending, readable, settlement, succeeded } from "./sample-calls.ts";
import { randomId, type StoreTest, type StoreTests } from "./store-test.ts";

type WriteGroup = Extract<Group, { kind: "write" }>;

export const fenceTests: StoreTests = {
  "a newer claim fences the older one, whatever that writes": async (t) => {
    const run = await t.created();
    const stale = [];
    for (const write of WRITES) stale.push({ write, claim: (await t.claimed(run)).claim });
    const { claim } = await t.claimed(run);
    claim.record(succeeded(0));
    await claim.acknowledged();
    const before = await t.read(run.runId);

    for (const old of stale) {
      old.write(old.claim);
      await expect(old.claim.acknowledged()).rejects.toMatchObject({ reason: "fenced" });
    }

    expect(await t.read(run.runId)).toEqual(before);
  },

  "a lost claim tells its listener once, and refuses ever after": async (t) => {
    const run = await t.created();
    const { claim } = await t.claimed(run);
    const heard: Error[] = [];
    claim.onLost((error) => heard.push(error));
    await t.claimed(run);

    claim.record(succeeded(0));
    await expect(claim.acknowledged()).rejects.toBeInstanceOf(ClaimLostError);
    claim.record(succeeded(1));
    await expect(claim.acknowledged()).rejects.toBeInstanceOf(ClaimLostError);

    expect(heard).toHaveLength(1);
    expect(claim.isAcknowledged).toBe(false);
    expect((await t.read(run.runId)).calls).toEqual([]);
  },

  "who asks for news of a claim that is lost already gets it at once": async (t) => {
    const run = await t.created();
    const { claim } = await t.claimed(run);
    await t.claimed(run);
    claim.record(succeeded(0));
    await expect(claim.acknowledged()).rejects.toMatchObject({ reason: "fenced" });

    const heard = new Promise((resolve) => claim.onLost(resolve));

    await expect(heard).resolves.toMatchObject({ reason: "fenced", message: expect.any(String) });
  },

  "one fenced run does not disturb others of the same batch": async (t) => {
    const [lost, kept] = await Promise.all([t.created(), t.created()]);
    const old = await t.claimed(lost);
    const other = await t.claimed(kept);
    await t.claimed(lost);

    old.claim.record(succeeded(0));
    other.claim.record(succeeded(0));

    await expect(old.claim.acknowledged()).rejects.toMatchObject({ reason: "fenced" });
    await other.claim.acknowledged();
    expect((await t.read(kept.runId)).calls).toHaveLength(1);
  },

  "groups are numbered: a known number is the same one, a skipped one is a gap": async (t) => {
    const run = await t.created();
    const { delivery } = await t.claimed(run);
    const write = (n: number, functionId: string) =>
      writeOf(run.runId, delivery.nonce, n, functionId);

    const words = [];
    const groups = [
      [1, "a"],
      [1, "b"],
      [0, "c"],
      [2, "d"],
      [1, "e"],
      [4, "f"],
    ] as const;
    for (const [n, id] of groups) {
      words.push(await wordOf(t, write(n, id)));
    }

    // In a copying store every group arrives twice, so what was applied is seen as the same.
    const first = words[0] === "same" ? "same" : "applied";
    expect(words).toEqual([first, "same", "same", first, "same", "gap"]);
    expect((await t.read(run.runId)).calls).toMatchObject([{ functionId: "d" }]);
  },

  "a nonce that never claimed, a run that never was and a run never claimed are fenced": async (
    t,
  ) => {
    const claimed = await t.created();
    await t.claimed(claimed);
    const waiting = await t.created();

    const words = [
      await wordOf(t, writeOf(claimed.runId, randomId(), 1, "x")),
      await wordOf(t, writeOf(t.newRun().runId, randomId(), 1, "x")),
      await wordOf(t, writeOf(waiting.runId, randomId(), 1, "x")),
      await wordOf(t, writeOf(waiting.runId, "", 1, "x")),
    ];

    expect(words).toEqual(["fenced", "fenced", "fenced", "fenced"]);
    expect(await t.store.read(waiting.runId)).toMatchObject({ status: "QUEUED", calls: [] });
  },

  "each claim counts its groups from one": async (t) => {
    const run = await t.created();
    const first = await t.claimed(run);
    first.claim.record(succeeded(0));
    await first.claim.acknowledged();

    const second = await t.claimed(run);
    second.claim.record(succeeded(1));
    await second.claim.acknowledged();

    const { calls } = await t.read(run.runId);
    expect(readable(calls)).toEqual(readable([succeeded(0), succeeded(1)]));
  },
};

const WRITES: readonly ((claim: Claim) => void)[] = [
  (claim) => claim.append(pending(0, { functionId: "stale" })),
  (claim) => claim.finalize(succeeded(0, { functionId: "stale" })),
  (claim) => claim.record(succeeded(1, { functionId: "stale" })),
  (claim) => claim.clear(0, 10),
  (claim) => claim.settle(settlement()),
  (claim) => claim.release(1),
];

function writeOf(runId: string, nonce: string, n: number, functionId: string): WriteGroup {
  const bytes = encodeCall(pending(0, { functionId }));
  return { kind: "write", runId, nonce, n, entries: [{ op: "append", slot: 0, bytes }] };
}

async function wordOf(t: StoreTest, group: Group): Promise<GroupReply["word"] | undefined> {
  const [reply] = await t.port.send([group]);
  return reply?.word;
}
