import { type Claim, type CommitPort, MemoryStore } from "@refrain/core";
import { describe, expect, it } from "vitest";
import { pending, settlement, succeeded } from "../src/conformance/sample-calls.ts";
import { StoreTest } from "../src/conformance/store-test.ts";
import { LatePort, RepeatingPort } from "../src/ports/copying-ports.ts";
import { CrashPort, LossyPort, RefusingPort } from "../src/ports/faulty-ports.ts";
import { RecordingPort } from "../src/ports/recording-port.ts";

describe("test doubles of the way to the journal", () => {
  it("RecordingPort lists the writes of a run that took effect, in order", async () => {
    const { claim, port, t } = await claimedThrough((inner) => new RecordingPort(inner));

    claim.append(pending(0));
    claim.finalize(succeeded(0));
    await claim.acknowledged();
    await t.claimed(t.newRun({ runId: claim.runId }), { attemptsStarted: 2 });
    claim.record(succeeded(1));
    await claim.acknowledged().catch(() => {});

    expect(port.ops(claim.runId)).toEqual(["append", "finalize"]);
  });

  // A store that takes a copy for news: what the copying ports are there to find.
  const forgetful = (inner: CommitPort): CommitPort => ({
    send: async (batch) =>
      (await inner.send(batch)).map((reply) =>
        reply.word === "same" || reply.word === "fenced" ? { word: "applied" } : reply,
      ),
  });

  it("RepeatingPort finds a store that takes a second copy for news", async () => {
    const { claim, port } = await claimedThrough(
      (inner) => new RepeatingPort(forgetful(inner), async () => undefined),
    );

    claim.record(succeeded(0));
    await claim.acknowledged();

    expect(port.flaws).toEqual([expect.stringContaining('"applied" after "applied"')]);
  });

  const fenced = { flaws: [expect.stringContaining('"fenced" after')], outcome: "fenced" };

  it.each([
    { retentionMs: 10, lateMs: 10, flaws: [], outcome: "acknowledged" },
    { retentionMs: 500, lateMs: 0, ...fenced },
    { retentionMs: 60_000, lateMs: 0, ...fenced },
  ])(
    "RepeatingPort lets a run be gone before a copy that is $lateMs ms late when it was kept for $retentionMs: $outcome",
    async ({ retentionMs, lateMs, flaws, outcome }) => {
      let sent = 0;
      const late = (inner: CommitPort): CommitPort => ({
        send: async (batch) => {
          const isCopy = batch[0]?.kind === "write" && ++sent > 1;
          // The time that passes is what takes the run away.
          if (isCopy) await new Promise((resolve) => setTimeout(resolve, lateMs));
          return isCopy ? [{ word: "fenced" }] : inner.send(batch);
        },
      });
      const { claim, port } = await claimedThrough(
        (inner) => new RepeatingPort(late(inner), async () => undefined),
      );

      claim.settle(settlement({ retentionMs }));
      const ended = await claim.acknowledged().then(
        () => "acknowledged",
        (error: unknown) => Reflect.get(Object(error), "reason"),
      );

      expect(ended).toBe(outcome);
      expect(port.flaws).toEqual(flaws);
    },
  );

  it("LatePort finds a store that takes a late copy for news", async () => {
    const { claim, port } = await claimedThrough(
      (inner) => new LatePort(forgetful(inner), async () => undefined),
    );

    for (const slot of [0, 1]) {
      claim.record(succeeded(slot));
      await claim.acknowledged();
    }

    expect(port.flaws).toEqual([expect.stringContaining('"applied", late')]);
  });

  it("copying ports find a copy that changes the run although it answers well", async () => {
    let reads = 0;
    const { claim, port } = await claimedThrough(
      (inner) => new RepeatingPort(inner, async () => ({ version: reads++ })),
    );

    claim.record(succeeded(0));
    await claim.acknowledged();

    expect(port.flaws).toContainEqual(expect.stringContaining("changed { version:"));
  });

  it("LossyPort acknowledges what it drops", async () => {
    const { claim, port, t } = await claimedThrough((inner) => new LossyPort(inner, 1));

    claim.record(succeeded(0));
    await claim.acknowledged();
    port.recover();

    expect((await t.read(claim.runId)).calls).toEqual([]);
  });

  it("RefusingPort refuses the write it was told to, once", async () => {
    const error = new Error("full");
    const { claim, port } = await claimedThrough((inner) => new RefusingPort(inner));

    port.refuseNext("record", error);
    claim.append(pending(0));
    await claim.acknowledged();
    claim.record(succeeded(1));

    await expect(claim.acknowledged()).rejects.toBe(error);
  });

  it("CrashPort answers nothing any more from the write at which it dies", async () => {
    const plan = { at: 2, when: "after" } as const;
    const { claim, port, t } = await claimedThrough((inner) => new CrashPort(inner, plan));

    claim.record(succeeded(0));
    await claim.acknowledged();
    claim.record(succeeded(1));
    await port.crashed;

    expect([port.hasCrashed, claim.isAcknowledged]).toEqual([true, false]);
    expect((await t.read(claim.runId)).calls).toHaveLength(2);
  });
});

async function claimedThrough<P extends CommitPort>(
  wrap: (inner: CommitPort) => P,
): Promise<{ claim: Claim; port: P; t: StoreTest }> {
  const ports: P[] = [];
  const store = new MemoryStore({
    wrapPort: (inner) => {
      const port = wrap(inner);
      ports.push(port);
      return port;
    },
  });
  const [port] = ports;
  if (port === undefined) throw new Error("the store did not ask for its port to be wrapped");
  const t = new StoreTest(store, port);
  const { claim } = await t.claimed(await t.created());
  return { claim, port, t };
}
