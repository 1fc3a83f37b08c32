import { type Claim, planCall, type RunSnapshot } from "@refrain/core";
import { expect, it } from "vitest";
import { failed, pending, settlement, succeeded } from "../src/conformance/sample-calls.ts";
import { actionOf } from "./support/bench.ts";
import { describeOnStores } from "./support/stores.ts";

// What the model keeps in its ActionState object is, here, a run as its store shows it.
describeOnStores("the journal as a value", (bench) => {
  const action = actionOf(() => {});

  async function after(write: (claim: Claim) => void): Promise<RunSnapshot> {
    const runId = await bench().create(action, { input: "input" });
    const { claim } = await bench().claim(action, runId);
    write(claim);
    await claim.acknowledged();
    return bench().read(runId);
  }

  const slots = (run: RunSnapshot): number[] => run.calls.map(({ slot }) => slot);

  it("FA-AS-01, FA-AS-14: a fresh run has its input, an empty journal and no outcome", async () => {
    const run = await bench().read(await bench().create(action, { input: "input" }));

    expect(run).toMatchObject({ status: "QUEUED", calls: [], outcome: undefined });
    expect(run.input.byteLength).toBeGreaterThan(0);
  });

  it("FA-AS-02: a run keeps everything that was written to it", async () => {
    const run = await after((claim) => {
      claim.record(succeeded(0));
      claim.record(failed(1));
      claim.settle(settlement({ status: "FAILED", failedSlot: 1 }));
    });

    expect(run.calls).toMatchObject([{ status: "SUCCEEDED" }, { status: "FAILED" }]);
    expect(run).toMatchObject({ status: "FAILED", outcome: { failedSlot: 1 } });
  });

  it("FA-AS-03: added calls keep order and number", async () => {
    const run = await after((claim) => {
      for (const slot of [0, 1, 2]) claim.record(succeeded(slot));
    });

    expect(slots(run)).toEqual([0, 1, 2]);
  });

  it("FA-AS-04: a slot can be replaced by a pending call, in place", async () => {
    const run = await after((claim) => {
      claim.record(succeeded(0));
      claim.append(pending(0));
    });

    expect(run.calls).toEqual([pending(0)]);
  });

  it("FA-AS-05: a slot that is not there is absent, and is planned as a new call", async () => {
    const run = await after((claim) => claim.record(succeeded(0)));

    for (const slot of [-1, 1, 100]) {
      const found = run.calls.find((call) => call.slot === slot);
      expect(found).toBeUndefined();
      expect(planCall(found, pending(0), true)).toEqual({ kind: "run", mark: true });
    }
  });

  it("FA-AS-06, FA-AS-09: clearing from slot 0 leaves no call", async () => {
    const run = await after((claim) => {
      for (const slot of [0, 1, 2]) claim.record(succeeded(slot));
      claim.clear(0, 2);
    });

    expect(run.calls).toEqual([]);
  });

  it("FA-AS-07: clearing from slot 2 of 4 keeps slots 0 and 1", async () => {
    const run = await after((claim) => {
      for (const slot of [0, 1, 2, 3]) claim.record(succeeded(slot));
      claim.clear(2, 3);
    });

    expect(slots(run)).toEqual([0, 1]);
  });

  it("FA-AS-08: clearing slots that are not there drops nothing", async () => {
    const run = await after((claim) => {
      claim.record(succeeded(0));
      claim.clear(10, 20);
    });

    expect(slots(run)).toEqual([0]);
  });

  it("FA-AS-10, FA-AS-15: completion drops the calls and keeps the rest", async () => {
    const run = await after((claim) => {
      claim.record(succeeded(0));
      claim.record(succeeded(1));
      claim.settle(settlement());
    });

    expect(run).toMatchObject({ status: "SUCCEEDED", calls: [], outcome: { status: "SUCCEEDED" } });
    expect(run.input.byteLength).toBeGreaterThan(0);
  });

  it("FA-AS-11: two runs with the same writes are equal but for their ids and times", async () => {
    const write = (claim: Claim): void => {
      claim.record(succeeded(0));
      claim.append(pending(1));
    };

    const [first, second] = [await after(write), await after(write)];
    const other = await after((claim) => claim.record(succeeded(0)));

    expect(first.calls).toEqual(second.calls);
    expect([first.status, first.v]).toEqual([second.status, second.v]);
    expect(first.calls).not.toEqual(other.calls);
  });

  it("FA-AS-16: two recovered records match their calls in order, and nothing is behind them", async () => {
    const { calls } = await after((claim) => {
      claim.record(succeeded(0, { functionId: "first" }));
      claim.record(succeeded(1, { functionId: "second" }));
    });

    expect(planCall(calls[0], succeeded(0, { functionId: "first" }), false).kind).toBe("replay");
    expect(planCall(calls[1], succeeded(1, { functionId: "second" }), false).kind).toBe("replay");
    expect(planCall(calls[2], succeeded(2), false).kind).toBe("run");
  });

  it("FA-AS-17: another function at slot 1 does not match, and clearing from it keeps slot 0", async () => {
    const run = await after((claim) => {
      for (const slot of [0, 1, 2]) claim.record(succeeded(slot));
      claim.clear(1, 2);
    });

    expect(planCall(succeeded(1), pending(1, { functionId: "another" }), false).kind).toBe(
      "diverge",
    );
    expect(slots(run)).toEqual([0]);
  });
});
