import { expect } from "vitest";
import { eventually } from "../eventually.ts";
import { FullPort } from "../ports/full-port.ts";
import type { OpenStore } from "./life-tests.ts";
import { pending, readable, settlement, succeeded } from "./sample-calls.ts";
import type { StoreTest } from "./store-test.ts";

/** Tests of a store whose memory is full for a while. */
export const fullTests: Readonly<Record<string, (open: OpenStore) => Promise<void>>> = {
  "F6 outcomes are taken at once, and the next call's mark when there is room": async (open) => {
    const { t, full } = await openFull(open);
    const { claim } = await t.claimed(await t.created());
    claim.append(pending(0));
    await claim.acknowledged();
    full.isFull = true;

    claim.finalize(succeeded(0));
    claim.append(pending(1));
    await eventually(() => expect(full.refusals).toBeGreaterThan(2));
    const during = await t.read(claim.runId);
    const wasAcknowledged = claim.isAcknowledged;
    full.isFull = false;
    await claim.acknowledged();

    expect(readable(during.calls)).toEqual(readable([succeeded(0)]));
    expect(wasAcknowledged).toBe(false);
    const after = await t.read(claim.runId);
    expect(readable(after.calls)).toEqual(readable([succeeded(0), pending(1)]));
    expect(after.v).toBe(during.v + 1);
  },

  "F6 runs settle and are released": async (open) => {
    const { t, full } = await openFull(open);
    const [settling, releasing] = [await t.created(), await t.created()];
    const { claim: first } = await t.claimed(settling);
    const { claim: second } = await t.claimed(releasing);
    full.isFull = true;

    first.record(succeeded(0));
    first.settle(settlement());
    second.record(succeeded(0));
    second.release(2);
    await Promise.all([first.acknowledged(), second.acknowledged()]);

    expect((await t.read(settling.runId)).status).toBe("SUCCEEDED");
    expect((await t.read(releasing.runId)).status).toBe("QUEUED");
    expect(full.refusals).toBe(0);
  },

  "F6 a claim waits for room, and keeps no outcome of another run waiting": async (open) => {
    const { t, full } = await openFull(open);
    const { claim: starting } = await t.claimed(await t.created());
    const { claim: ending } = await t.claimed(await t.created());
    const run = await t.created();
    full.isFull = true;

    const claiming = t.claimed(run);
    starting.append(pending(0));
    await eventually(() => expect(full.refusals).toBeGreaterThan(0));
    ending.record(succeeded(0));
    await ending.acknowledged();
    const during = await t.read(run.runId);
    full.isFull = false;
    await Promise.all([claiming, starting.acknowledged()]);

    expect(during.status).toBe("QUEUED");
    expect((await t.read(run.runId)).status).toBe("RUNNING");
  },

  "F6 nothing of a run overtakes what waits for room": async (open) => {
    const { t, full } = await openFull(open);
    const { claim } = await t.claimed(await t.created());
    claim.append(pending(0));
    await claim.acknowledged();
    full.isFull = true;

    claim.append(pending(1));
    claim.finalize(succeeded(0));
    claim.clear(1, 1);
    claim.record(succeeded(1));
    await eventually(() => expect(full.refusals).toBeGreaterThan(1));
    const during = await t.read(claim.runId);
    full.isFull = false;
    await claim.acknowledged();

    expect(readable(during.calls)).toEqual(readable([pending(0)]));
    const after = readable((await t.read(claim.runId)).calls);
    expect(after).toEqual(readable([succeeded(0), succeeded(1)]));
  },

  "F6 a store that is full again and again loses and doubles nothing": async (open) => {
    const { t, full } = await openFull(open);
    const { claim } = await t.claimed(await t.created());

    for (let slot = 0; slot < 8; slot++) {
      if (slot > 0) claim.finalize(succeeded(slot - 1));
      claim.append(pending(slot));
      if (slot % 2 === 1) {
        const before = full.refusals;
        full.isFull = true;
        await eventually(() => expect(full.refusals).toBeGreaterThan(before));
        full.isFull = false;
      }
      await claim.acknowledged();
    }
    claim.finalize(succeeded(7));
    claim.settle(settlement({ status: "FAILED" }));
    await claim.acknowledged();

    const { calls, status } = await t.read(claim.runId);
    expect(readable(calls)).toEqual(readable([0, 1, 2, 3, 4, 5, 6, 7].map((n) => succeeded(n))));
    expect(status).toBe("FAILED");
  },

  "F6 a claim that was lost meanwhile is told so, and closing waits for that": async (open) => {
    const { t, full } = await openFull(open);
    const run = await t.created();
    const { claim } = await t.claimed(run);
    full.isFull = true;
    claim.append(pending(0));
    await eventually(() => expect(full.refusals).toBeGreaterThan(0));

    const closed = t.store.close();
    await t.port.send([{ kind: "claim", delivery: t.delivery(run) }]);
    full.isFull = false;
    await closed;

    await expect(claim.acknowledged()).rejects.toMatchObject({ reason: "fenced" });
    expect((await t.read(run.runId)).calls).toEqual([]);
  },
};

async function openFull(open: OpenStore): Promise<{ t: StoreTest; full: FullPort }> {
  const ports: FullPort[] = [];
  const t = await open((port) => {
    const full = new FullPort(port);
    ports.push(full);
    return full;
  });
  const [full] = ports;
  if (full === undefined) throw new Error("the store did not ask for its port to be wrapped");
  return { t, full };
}
