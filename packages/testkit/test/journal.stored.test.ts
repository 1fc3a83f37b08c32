import { msgpackCodec, planCall, type RunSnapshot } from "@refrain/core";
import { expect, it } from "vitest";
import { pending, settlement, succeeded } from "../src/conformance/sample-calls.ts";
import { actionOf } from "./support/bench.ts";
import { describeOnStores } from "./support/stores.ts";

// A run goes to its store as bytes and comes back: nothing may be lost or change its type on the way.
describeOnStores("a stored run", (bench) => {
  const action = actionOf(() => {});

  async function stored(input: unknown): Promise<RunSnapshot> {
    return bench().read(await bench().create(action, { input }));
  }

  const inputOf = (run: RunSnapshot): unknown => msgpackCodec.decode(run.input);

  it("FA-SD-01: everything a run can hold comes back as it was", async () => {
    const input = { text: "ü", count: 3, ratio: 0.5, at: new Date(0), bytes: Uint8Array.of(1) };
    const runId = await bench().create(action, { input });
    const { claim } = await bench().claim(action, runId);
    claim.record(succeeded(0));
    claim.append(pending(1));
    await claim.acknowledged();

    const run = await bench().read(runId);

    expect(inputOf(run)).toEqual(input);
    expect(run.calls).toMatchObject([{ status: "SUCCEEDED" }, { status: "PENDING" }]);
    expect(run).toMatchObject({ action: "an-action", status: "RUNNING", epoch: 1 });
  });

  it("FA-SD-02: an input that is null or undefined comes back as that", async () => {
    expect(inputOf(await stored(null))).toBeNull();
    expect(inputOf(await stored(undefined))).toBeUndefined();
  });

  it("FA-SD-03: nested maps in an input come back as maps", async () => {
    const input = new Map([["outer", new Map([["inner", [1, 2]]])]]);

    expect(inputOf(await stored(input))).toEqual(input);
  });

  it("FA-SD-06: a completed run stays completed, without calls, its output kept", async () => {
    const runId = await bench().create(action);
    const { claim } = await bench().claim(action, runId);
    claim.record(succeeded(0));
    claim.settle(settlement({ payload: msgpackCodec.encode("output") }));
    await claim.acknowledged();

    const run = await bench().read(runId);

    expect(run).toMatchObject({ status: "SUCCEEDED", calls: [] });
    expect(run.outcome && msgpackCodec.decode(run.outcome.payload)).toBe("output");
  });

  it("FA-SD-07: a run under way stays so, and its calls still match", async () => {
    const runId = await bench().create(action);
    const { claim } = await bench().claim(action, runId);
    claim.record(succeeded(0));
    claim.append(pending(1));
    await claim.acknowledged();

    const { calls, outcome } = await bench().read(runId);

    expect(outcome).toBeUndefined();
    expect(planCall(calls[0], succeeded(0), true).kind).toBe("replay");
    expect(planCall(calls[1], pending(1), true).kind).toBe("reconcile");
  });
});
