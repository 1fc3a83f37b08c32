import { eventually } from "@refrain/testkit";
import { DivergenceError, defineAction, durable, type RunHandle } from "refrain";
import { beforeAll, describe, expect, test } from "vitest";
import { Child } from "../support/child.ts";
import { gate, Harness, type TestWorker, WARN } from "../support/harness.ts";
import {
  type Change,
  changes,
  implementOrder,
  type Order,
  orderOf,
  type Policy,
  policies,
} from "./releases.ts";

interface Case extends Order {
  readonly name: string;
  readonly policy: Policy;
}

const cases: readonly Case[] = policies.flatMap((policy) =>
  (Object.keys(changes) as Change[]).flatMap((change) =>
    (["ship", "pay.tip"] as const).map((killedIn) => ({
      name: `${policy}, ${change}, killed in ${killedIn}`,
      policy,
      change,
      killedIn,
    })),
  ),
);

describe("F21 a run that outlives its release", () => {
  const harness = new Harness();
  /** The run of each function that began in the second release. */
  const began: string[] = [];
  const runs = new Map<string, RunHandle<string>>();
  const outcomes = new Map<string, unknown>();
  const kept = new Map<string, string[]>();
  let second: TestWorker;

  beforeAll(async () => {
    const client = harness.client({ namespace: "releases" });
    for (const [index, { name, policy, change, killedIn }] of cases.entries()) {
      const input: Order = { change, killedIn };
      runs.set(name, await client.enqueue(orderOf(policy), input, { runId: `r${index}` }));
    }
    const first = new Child(new URL("./release-worker.ts", import.meta.url), {
      REDIS: harness.url(),
      NAMESPACE: "releases",
    });
    const isHanging = (): boolean =>
      cases.every(({ killedIn }, index) => first.output.includes(`began r${index} ${killedIn}\n`));
    await eventually(
      () => {
        if (!isHanging()) throw new Error(`not every run hangs: ${first.output}`);
      },
      { timeoutMs: 60_000 },
    );
    first.kill("SIGKILL");
    await first.exited;
    second = await harness.worker({
      namespace: "releases",
      concurrency: 100,
      lockDurationMs: 2000,
      stalledIntervalMs: 500,
      actions: policies.map((policy) =>
        implementOrder(policy, {
          isFirst: false,
          began: (_, runId) => void began.push(runId),
        }),
      ),
    });
    for (const [name, run] of runs) {
      const result = run.result({ timeoutMs: 60_000 });
      outcomes.set(name, await result.catch((error: unknown) => error));
      const { callResults } = await run.state();
      kept.set(
        name,
        callResults.map((call) => call.status),
      );
    }
  }, 180_000);

  const divergencesOf = (name: string) =>
    second.events.filter(
      (event) => event.type === "diverged" && event.runId === runs.get(name)?.runId,
    );
  const warningsOf = (name: string): string =>
    second.logs
      .filter((line) => line.level === WARN && line.run === runs.get(name)?.runId)
      .map((line) => line.msg)
      .join("\n");
  const begunOf = (name: string): number =>
    began.filter((runId) => runId === runs.get(name)?.runId).length;

  test.each(cases.filter(isCleared))("goes on, announced: $name", ({ name, change }) => {
    const { slot, calls } = changes[change];

    const [diverged, ...more] = divergencesOf(name);

    expect(outcomes.get(name)).toBe(calls.map(([id]) => id).join(" "));
    expect(begunOf(name)).toBe(calls.length - slot);
    expect(more).toEqual([]);
    expect(diverged).toMatchObject({ slot, verdict: "cleared" });
    const dropped = diverged?.["dropped"] as readonly { readonly idempotencyKey: string }[];
    expect(dropped.map((call) => call.idempotencyKey)).toSatisfy((keys: readonly string[]) =>
      keys.every((key) => warningsOf(name).includes(key)),
    );
  });

  test.each(cases.filter((given) => !isCleared(given)))(
    "fails, and drops nothing: $name",
    ({ name, change, killedIn }) => {
      const { slot } = changes[change];
      const tail = killedIn === "ship" ? [] : ["SUCCEEDED", "PENDING"];

      const diverged = divergencesOf(name);

      expect(outcomes.get(name)).toBeInstanceOf(DivergenceError);
      expect(begunOf(name)).toBe(0);
      expect(kept.get(name)).toEqual(["SUCCEEDED", "SUCCEEDED", ...tail]);
      expect(diverged).toEqual([expect.objectContaining({ slot, verdict: "failed" })]);
      expect(warningsOf(name)).toContain(`slot ${slot}`);
    },
  );
});

/** Whether the policy lets the journal be cleared: "guard" does unless a payment is under way. */
function isCleared({ policy, killedIn }: Case): boolean {
  return policy === "clear" || (policy === "guard" && killedIn === "ship");
}

describe("F21 two releases of one action", () => {
  const harness = new Harness();

  test("do not clear each other's journals for ever: after three clears the run fails", async () => {
    const action = defineAction<null, string>({ name: "contested" });
    const run = await harness.client().enqueue(action, null, { runId: "r-1" });
    const cleared: unknown[] = [];
    for (const release of ["blue", "green", "blue", "green", "blue"]) {
      const begun = gate();
      const first = durable(`${release}.first`, () => begun.open());
      const wait = durable(`${release}.wait`, () => new Promise((end) => setTimeout(end, 200)));
      const worker = await harness.worker({
        actions: [
          action.implement(async (ctx) => {
            await ctx.durableExecute(first);
            for (let n = 0; n < 1000; n++) await ctx.durableExecute(wait, []);
            return "never";
          }),
        ],
      });
      await Promise.race([begun.opened, worker.event("settled")]);
      await worker.close();
      cleared.push(...worker.events.filter((event) => event.type === "diverged"));
    }

    const outcome = run.result({ timeoutMs: 20_000 });

    await expect(outcome).rejects.toBeInstanceOf(DivergenceError);
    await expect(outcome).rejects.toThrow(/cleared 3 times already/);
    expect(cleared.map((event) => (event as { verdict: string }).verdict)).toEqual([
      "cleared",
      "cleared",
      "cleared",
      "failed",
    ]);
  }, 60_000);
});
