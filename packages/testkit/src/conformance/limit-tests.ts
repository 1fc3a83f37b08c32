import { expect } from "vitest";
import { readable, succeeded } from "./sample-calls.ts";
import type { StoreTests } from "./store-test.ts";

/** What is too large to be compared before and after every copy of a batch. */
export const limitTests: StoreTests = {
  "the longest journal is 10,000 calls": async (t) => {
    const run = await t.created();
    const { claim } = await t.claimed(run);
    for (let slot = 0; slot < 10_000; slot++) {
      claim.record(succeeded(slot, { payload: Buffer.from(String(slot)) }));
    }
    await claim.acknowledged();

    const { calls } = (await t.claimed(run)).run;

    expect(calls).toHaveLength(10_000);
    expect(calls.every((call, slot) => call.slot === slot)).toBe(true);
    expect(readable(calls.slice(-1))).toMatchObject([{ payload: "9999" }]);
  },
};
