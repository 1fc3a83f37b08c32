import { encodeCall } from "@refrain/core";
import { expect } from "vitest";
import { pending, readable, settlement, succeeded } from "./sample-calls.ts";
import type { StoreTests } from "./store-test.ts";

const PAGE_LIMIT = 256 * 1024;

export const sizeTests: StoreTests = {
  "a journal far over one page comes whole, in order": async (t) => {
    const run = await t.created();
    const { claim } = await t.claimed(run);
    const calls = Array.from({ length: 1500 }, (_, slot) =>
      succeeded(slot, { seq: 1499 - slot, payload: Buffer.alloc(400, slot % 251) }),
    );
    for (const call of calls) claim.record(call);
    await claim.acknowledged();

    const again = await t.claimed(run);

    expect(again.run.calls).toHaveLength(1500);
    expect(readable(again.run.calls)).toEqual(readable(calls));
    expect(again.run.journalBytes).toBeGreaterThan(2 * PAGE_LIMIT);
    expect(readable((await t.read(run.runId)).calls)).toEqual(readable(calls));
  },

  "payloads of a mebibyte go through, more of them than one batch holds": async (t) => {
    const run = await t.created();
    const { claim } = await t.claimed(run);
    for (let slot = 0; slot < 8; slot++)
      claim.record(succeeded(slot, { payload: mebibyteOf(slot) }));
    await claim.acknowledged();

    const { calls } = (await t.claimed(run)).run;

    expect(calls).toHaveLength(8);
    for (const call of calls) {
      const isWhole =
        "payload" in call && Buffer.compare(call.payload, mebibyteOf(call.slot)) === 0;
      expect(isWhole).toBe(true);
    }
  },

  "payloads are bytes: empty ones, and every value of a byte": async (t) => {
    const { claim } = await t.claimed(await t.created());
    const all = Uint8Array.from({ length: 256 }, (_, value) => value);

    claim.record(succeeded(0, { payload: new Uint8Array(0) }));
    claim.record(succeeded(1, { payload: all }));
    await claim.acknowledged();

    const { calls } = await t.read(claim.runId);
    const expected = [succeeded(0, { payload: new Uint8Array(0) }), succeeded(1, { payload: all })];
    expect(readable(calls)).toEqual(readable(expected));
  },

  "a journal's size counts what it holds now": async (t) => {
    const run = await t.created();
    const { claim } = await t.claimed(run);
    claim.append(pending(0));
    claim.finalize(succeeded(0));
    claim.record(succeeded(1, { payload: Buffer.alloc(5000) }));
    claim.clear(1, 1);
    await claim.acknowledged();

    const { journalBytes } = (await t.claimed(run)).run;

    expect(journalBytes).toBe(encodeCall(succeeded(0)).byteLength);
  },

  "a large journal of a settled run goes with it": async (t) => {
    const run = await t.created();
    const { claim } = await t.claimed(run);
    for (let slot = 0; slot < 1200; slot++) {
      claim.record(succeeded(slot, { payload: Buffer.alloc(300) }));
    }
    claim.settle(settlement());
    await claim.acknowledged();

    expect((await t.read(run.runId)).calls).toEqual([]);
  },
};

function mebibyteOf(slot: number): Buffer {
  return Buffer.alloc(1024 * 1024, slot + 1);
}
