import type { CommitPort } from "@refrain/core";
import { expect } from "vitest";
import { CrashPort, LossyPort } from "../ports/faulty-ports.ts";
import { readable, succeeded } from "./sample-calls.ts";
import type { StoreTest } from "./store-test.ts";

/** Opens a store for the test, with a port of the test's own in front of the store's. */
export type OpenStore = (wrapPort?: (port: CommitPort) => CommitPort) => Promise<StoreTest>;

/** Tests of a store's life: what it loses, how it stops. */
export const lifeTests: Readonly<Record<string, (open: OpenStore) => Promise<void>>> = {
  "a store that lost acknowledged writes tells the claim at its next one": async (open) => {
    const lossy: LossyPort[] = [];
    const t = await open((port) => {
      const wrapped = new LossyPort(port, 2);
      lossy.push(wrapped);
      return wrapped;
    });
    const run = await t.created();
    const { claim } = await t.claimed(run);
    const heard: Error[] = [];
    claim.onLost((error) => heard.push(error));
    for (const slot of [0, 1]) {
      claim.record(succeeded(slot));
      await claim.acknowledged();
    }
    for (const port of lossy) port.recover();

    claim.record(succeeded(2));
    await expect(claim.acknowledged()).rejects.toMatchObject({ reason: "gap" });

    expect(heard).toHaveLength(1);
    expect(readable((await t.read(run.runId)).calls)).toEqual(readable([succeeded(0)]));
    expect(readable((await t.claimed(run)).run.calls)).toEqual(readable([succeeded(0)]));
  },

  "a write that is not answered is not acknowledged, applied or not": async (open) => {
    for (const when of ["before", "after"] as const) {
      const crashing: CrashPort[] = [];
      const t = await open((port) => {
        const wrapped = new CrashPort(port, { at: 2, when });
        crashing.push(wrapped);
        return wrapped;
      });
      const { claim } = await t.claimed(await t.created());
      claim.record(succeeded(0));
      await claim.acknowledged();

      claim.record(succeeded(1));
      await Promise.race(crashing.map((port) => port.crashed));

      expect(claim.isAcknowledged).toBe(false);
    }
  },

  "closing writes what is queued, and closing again does nothing": async (open) => {
    const t = await open();
    const { claim } = await t.claimed(await t.created());

    claim.record(succeeded(0));
    await t.store.close();

    expect(claim.isAcknowledged).toBe(true);
    await t.store.close();
  },
};
