import { type NewRun, pendingCall, type Reopening } from "@refrain/core";
import { expect } from "vitest";
import { eventually } from "../eventually.ts";
import { failed, pending, readable, settlement, succeeded } from "./sample-calls.ts";
import { randomId, type StoreTest, type StoreTests } from "./store-test.ts";

export const reopenTests: StoreTests = {
  "a failed run is live again, one generation on, with one call changed and every other kept":
    async (t) => {
      const run = await failedRun(t);
      const before = await t.read(run.runId);

      expect(await t.store.reopen(await reopening(t, run))).toEqual({ kind: "reopened" });

      const read = await t.read(run.runId);
      expect(read).toMatchObject({ status: "QUEUED", generation: 1, v: before.v + 1 });
      expect([read.outcome, read.settledAt]).toEqual([undefined, undefined]);
      expect(readable(read.calls)).toEqual(
        readable([succeeded(0), REOPENED, failed(2), pending(3), succeeded(5)]),
      );
      expect(read.reopened).toEqual(LIST);
      expect((await t.store.rebuild()).map(({ runId }) => runId)).toEqual([run.runId]);
    },

  "without a call to change, the journal stays as it is": async (t) => {
    const run = await failedRun(t);
    const { calls } = await t.read(run.runId);

    await t.store.reopen({ ...(await reopening(t, run)), call: undefined, reopened: [] });

    const read = await t.read(run.runId);
    expect(readable(read.calls)).toEqual(readable(calls));
    expect(read.reopened).toEqual([]);
  },

  "its next attempt starts from that journal, with all counts at zero": async (t) => {
    const run = await t.created();
    const first = await t.claimed(run);
    first.claim.clear(0, 0);
    first.claim.release(7);
    await first.claim.acknowledged();
    await t.claimed(run);
    const third = await t.claimed(run);
    third.claim.settle(settlement({ status: "FAILED" }));
    await third.claim.acknowledged();
    await t.store.reopen(await reopening(t, run));

    const { run: claimed } = await t.claimed(run);

    expect(claimed).toMatchObject({ generation: 1, clears: 0, suspect: 1, unknownAsks: 0 });
    expect(claimed.epoch).toBe(4);
    expect(readable(claimed.calls)).toEqual(readable([REOPENED]));
    expect(claimed.reopened).toEqual(LIST);
  },

  "a request that is sent twice is told twice that it reopened the run, and does it once": async (
    t,
  ) => {
    const run = await failedRun(t);
    const request = await reopening(t, run);
    await t.store.reopen(request);
    const before = await t.read(run.runId);

    expect(await t.store.reopen(request)).toEqual({ kind: "reopened" });
    expect(await t.read(run.runId)).toEqual(before);
  },

  "a late copy changes nothing: after a claim, after another end, after another reopening": async (
    t,
  ) => {
    const run = await failedRun(t);
    const request = await reopening(t, run);
    const late = async (): Promise<void> => {
      const before = await t.read(run.runId);
      expect(await t.store.reopen(request)).toEqual({ kind: "reopened" });
      expect(await t.read(run.runId)).toEqual(before);
    };
    await t.store.reopen(request);

    const { claim } = await t.claimed(run);
    await late();
    claim.settle(settlement({ status: "FAILED", failedSlot: 1 }));
    await claim.acknowledged();
    await late();
    expect(await t.store.reopen(await reopening(t, run))).toEqual({ kind: "reopened" });
    await late();

    expect((await t.read(run.runId)).generation).toBe(2);
  },

  "of many requests at once, one reopens the run": async (t) => {
    const run = await failedRun(t);
    const request = await reopening(t, run);
    const requests = Array.from({ length: 20 }, () => ({ ...request, requestId: randomId() }));

    const replies = await Promise.all(requests.map((one) => t.store.reopen(one)));

    expect(replies.filter(({ kind }) => kind === "reopened")).toHaveLength(1);
    expect(replies.filter(({ kind }) => kind === "moved")).toHaveLength(19);
    expect((await t.read(run.runId)).generation).toBe(1);
  },

  "what was decided on another state of the run is refused": async (t) => {
    const run = await failedRun(t);
    const request = await reopening(t, run);
    const before = await t.read(run.runId);

    for (const v of [request.v - 1, request.v + 1]) {
      expect(await t.store.reopen({ ...request, v })).toEqual({ kind: "moved" });
    }

    expect(await t.read(run.runId)).toEqual(before);
  },

  "only a failed run is reopened": async (t) => {
    const queued = await t.created();
    const running = await t.created();
    await t.claimed(running);
    const done = await t.created();
    const { claim } = await t.claimed(done);
    claim.settle(settlement());
    await claim.acknowledged();

    for (const run of [queued, running, done]) {
      const before = await t.read(run.runId);
      expect(await t.store.reopen(await reopening(t, run))).toEqual({ kind: "moved" });
      expect(await t.read(run.runId)).toEqual(before);
    }
    const gone = { ...REQUEST, runId: t.newRun().runId, requestId: randomId(), v: 1 };
    expect(await t.store.reopen(gone)).toEqual({ kind: "missing" });
  },

  "a reopened run stays for ever, until it settles again": async (t) => {
    const { run, expiredAt } = await reopenedInTime(t, 60);

    await eventually(() => expect(Date.now()).toBeGreaterThan(expiredAt + 60));

    expect(await t.store.prune(Date.now() + 1000)).toBe(0);
    const { claim, run: claimed } = await t.claimed(run);
    expect(claimed.calls).toHaveLength(5);
    claim.settle(settlement({ status: "FAILED", failedSlot: 1 }));
    await claim.acknowledged();
    expect(await t.store.rebuild()).toEqual([]);
  },

  "what an earlier generation still has to write is fenced, and its claim is stale": async (t) => {
    const run = await t.created();
    const zombie = await t.claimed(run);
    const last = await t.claimed(run);
    last.claim.settle(settlement({ status: "FAILED" }));
    await last.claim.acknowledged();
    await t.store.reopen(await reopening(t, run));
    const before = await t.read(run.runId);

    zombie.claim.record(succeeded(0));
    last.claim.record(succeeded(0));

    await expect(zombie.claim.acknowledged()).rejects.toMatchObject({ reason: "fenced" });
    await expect(last.claim.acknowledged()).rejects.toMatchObject({ reason: "fenced" });
    expect(await t.store.claim(zombie.delivery)).toEqual({ kind: "stale" });
    expect(await t.store.claim(last.delivery)).toEqual({ kind: "stale" });
    expect(await t.read(run.runId)).toEqual(before);
    const next = await t.claimed(run);
    expect(await t.store.claim(last.delivery)).toEqual({ kind: "stale" });
    expect(next.run.epoch).toBe(3);
  },

  "the run's job is taken when it is delivered again, and when it is added anew, whatever its clock says":
    async (t) => {
      for (const job of [
        { jobTimestamp: 2000, attemptsStarted: 6 },
        { jobTimestamp: 2000, attemptsStarted: 1, incarnation: 1 },
        { jobTimestamp: 1000, attemptsStarted: 1, incarnation: 1 },
        { jobTimestamp: 900, attemptsStarted: 1, incarnation: 1 },
      ]) {
        const run = await t.created();
        await t.claimed(run, { jobTimestamp: 1000, attemptsStarted: 5 });
        const { claim } = await t.claimed(run, { jobTimestamp: 2000, attemptsStarted: 5 });
        claim.settle(settlement({ status: "FAILED" }));
        await claim.acknowledged();
        await t.store.reopen(await reopening(t, run));

        expect(await t.store.claim(t.delivery(run, job))).toMatchObject({ kind: "claimed" });
      }
    },

  "the calls that were reopened outlive a clear of the journal": async (t) => {
    const run = await failedRun(t);
    await t.store.reopen(await reopening(t, run));
    const { claim } = await t.claimed(run);
    claim.clear(0, 5);
    await claim.acknowledged();

    const { run: claimed } = await t.claimed(run);

    expect([claimed.calls, claimed.reopened]).toEqual([[], LIST]);
  },
};

const CHARGE = { functionId: "payments.charge", argsDigest: "0123456789abcdef" };
const LIST = [{ ...CHARGE, earlier: 0, reopened: 1 }];
const REOPENED = pendingCall({ ...failed(1), attempt: 1 }, false);
const REQUEST = { call: REOPENED, reopened: LIST };

async function failedRun(t: StoreTest, retentionMs = 60_000): Promise<NewRun> {
  const run = await t.created();
  const { claim } = await t.claimed(run);
  claim.record(succeeded(0));
  claim.record(failed(1));
  claim.record(failed(2));
  claim.append(pending(3));
  claim.record(succeeded(5));
  claim.settle(settlement({ status: "FAILED", failedSlot: 1, retentionMs }));
  await claim.acknowledged();
  return run;
}

/** A run that was reopened before its retention was over, however slow this machine is, and when that would have been. */
async function reopenedInTime(
  t: StoreTest,
  retentionMs: number,
): Promise<{ readonly run: NewRun; readonly expiredAt: number }> {
  expect(retentionMs).toBeLessThan(60_000);
  const run = await failedRun(t, retentionMs);
  const found = await t.store.read(run.runId);
  if (found === undefined) return reopenedInTime(t, retentionMs * 4);
  const { v, settledAt = 0 } = found;
  const { runId } = run;
  const { kind } = await t.store.reopen({ ...REQUEST, runId, requestId: randomId(), v });
  if (kind !== "reopened") return reopenedInTime(t, retentionMs * 4);
  return { run, expiredAt: settledAt + retentionMs };
}

async function reopening(t: StoreTest, { runId }: NewRun): Promise<Reopening> {
  const { v } = await t.read(runId);
  return { ...REQUEST, runId, requestId: randomId(), v };
}
