import { EffectLedger } from "@refrain/testkit";
import { PoisonRunError } from "refrain";
import { expect, test } from "vitest";
import type { Exit } from "../support/child.ts";
import { DEATHS, type Death, killing, stepping } from "../support/full-hands.ts";
import { FullHandsChildren } from "../support/full-hands-children.ts";
import { Harness } from "../support/harness.ts";

const harness = new Harness();
const children = new FullHandsChildren(harness);

const ENDS: Readonly<Record<Death, Pick<Exit, "code" | "signal">>> = {
  SIGKILL: { code: null, signal: "SIGKILL" },
  SIGABRT: { code: null, signal: "SIGABRT" },
  "uncaught exception": { code: 1, signal: null },
};

/** Starts a worker again each time it dies, and says how it died. */
async function keepAlive(
  env: Readonly<Record<string, string>>,
  { signal }: AbortController,
  exits: Exit[],
): Promise<void> {
  const ledger = new EffectLedger();
  while (!signal.aborted) exits.push(await children.start(ledger, env).exited);
}

/** Runs a killer beside neighbours: the killer's error, how often neighbours succeeded, and how the workers died. */
async function poisonBesideNeighbours(death: Death, namespace: string) {
  const client = harness.client({ namespace });
  const poison = await client.enqueue(killing, death, { runId: "poison" });
  const items = Array.from({ length: 10 }, () => ({ input: 40 }));
  const neighbours = await client.enqueueMany(stepping, items);
  const stop = new AbortController();
  const env = { LOCK_MS: "1500", STALLED_MS: "400", NAMESPACE: namespace, POISON_AFTER: "2" };
  const exits: Exit[] = [];
  void keepAlive(env, stop, exits);

  const error: unknown = await poison
    .result({ timeoutMs: 60_000 })
    .catch((thrown: unknown) => thrown);
  const results = await Promise.all(neighbours.map((run) => run.result({ timeoutMs: 60_000 })));
  stop.abort();
  return { death, error, succeeded: results.length, exits };
}

test("F16 F22 a run that takes its process down fails in the end, however it does that, and its neighbours come through", async () => {
  const outcomes = await Promise.all(
    DEATHS.map((death, n) => poisonBesideNeighbours(death, `${harness.namespace}-${n}`)),
  );

  for (const { death, error, succeeded, exits } of outcomes) {
    expect(error).toBeInstanceOf(PoisonRunError);
    expect(String(error)).toMatch(
      /run poison \(killing\): its last \d attempts vanished .*at whatever follows the call of prepare \(slot 1\)/,
    );
    expect(succeeded).toBe(10);
    // The first of them made progress. On a slow machine a lock may run out besides, which counts like a death.
    expect(exits.length).toBeGreaterThanOrEqual(2);
    expect(exits.length).toBeLessThanOrEqual(3);
    const deaths = exits.map(({ code, signal }) => ({ code, signal }));
    expect(deaths).toEqual(exits.map(() => ENDS[death]));
  }
}, 120_000);
