import { EffectLedger } from "@refrain/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Child } from "../support/child.ts";
import { Harness } from "../support/harness.ts";
import { crashActionOf, type Program } from "./crash-action.ts";
import type { CrashWorkerSettings } from "./crash-worker.ts";
import { RunHistory } from "./run-history.ts";

interface Victim {
  readonly at: string;
  readonly program?: Program;
  readonly closeDuring?: string;
}

interface Scenario {
  readonly name: string;
  readonly victims: readonly Victim[];
  /** What the process that recovers the run knows of the action. */
  readonly program?: Program;
}

const everyWrite = ["claim", "record", "append", "finalize", "settle"].flatMap((op) =>
  [`${op}.before`, `${op}.after`].map((at) => ({ name: at, victims: [{ at }] })),
);
const secondWrites = ["record", "append", "finalize"].flatMap((op) =>
  [`${op}.before:2`, `${op}.after:2`].map((at) => ({ name: at, victims: [{ at }] })),
);
const insideFunctions = ["first", "second", "third", "fourth"].flatMap((fn) =>
  [`${fn}.before`, `${fn}.after`].map((at) => ({ name: at, victims: [{ at }] })),
);
const insideReconcilers = ["second.before", "second.after", "fourth.after"].flatMap((started) =>
  ["reconciler.before", "reconciler.after"].map((at) => ({
    name: `${started} then ${at}`,
    victims: [{ at: started }, { at }],
  })),
);
const releases = ["release.before", "release.after"].map((at) => ({
  name: at,
  victims: [{ at, closeDuring: "second" }],
}));
const clears = ["clear.before", "clear.after"].map((at) => ({
  name: at,
  victims: [{ at: "third.before" }, { at, program: "changed" as const }],
  program: "changed" as const,
}));
const again = [
  {
    name: "five crashes in a row",
    victims: ["claim.after", "first.after", "second.before", "finalize.after", "settle.before"].map(
      (at) => ({ at }),
    ),
  },
];

const scenarios: readonly Scenario[] = [
  ...everyWrite,
  ...secondWrites,
  ...insideFunctions,
  ...insideReconcilers,
  ...releases,
  ...clears,
  ...again,
];

const harness = new Harness();
const ledger = new EffectLedger();
const outputs = new Map<string, unknown>();
const children: Child[] = [];
const exits = new Map<string, (NodeJS.Signals | null)[]>();

function actionName(scenario: Scenario): string {
  return scenario.name.replace(/[^a-z.]/g, "-");
}

function crashWorker(settings: Partial<CrashWorkerSettings>, at: string): Child {
  const all = { url: harness.server.url, namespace: "crash", ledger: ledger.path, ...settings };
  const env = { CRASH_WORKER: JSON.stringify(all), REFRAIN_CRASH_AT: at };
  const child = new Child(new URL("./crash-worker.ts", import.meta.url), env);
  children.push(child);
  return child;
}

async function crash(scenario: Scenario): Promise<void> {
  const signals: (NodeJS.Signals | null)[] = [];
  exits.set(scenario.name, signals);
  for (const { at, program = "plain", ...rest } of scenario.victims) {
    const victim = crashWorker({ names: [actionName(scenario)], program, ...rest }, at);
    const tooLate = setTimeout(() => victim.kill("SIGTERM"), 30_000);
    const { signal, output } = await victim.exited;
    clearTimeout(tooLate);
    if (signal !== "SIGKILL") throw new Error(`${scenario.name}: ${at} was not reached\n${output}`);
    signals.push(signal);
  }
}

beforeAll(async () => {
  const client = harness.client({ namespace: "crash" });
  for (const scenario of scenarios) {
    const action = crashActionOf(actionName(scenario));
    await client.enqueue(action, null, { runId: scenario.name });
  }
  const left = [...scenarios];
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await crash(next);
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  for (const program of ["plain", "changed"] as const) {
    const names = scenarios
      .filter((scenario) => (scenario.program ?? "plain") === program)
      .map(actionName);
    crashWorker({ names, program }, "");
  }
  for (const { name } of scenarios) {
    outputs.set(name, await client.run(name).result({ timeoutMs: 60_000 }));
  }
}, 300_000);

afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  ledger.close();
});

describe.each(scenarios)("after a crash at $name", (scenario) => {
  const history = (): RunHistory => new RunHistory(ledger.read(), scenario.name);

  test("the worker died where it should, and the run ended all the same, exactly once", () => {
    expect(exits.get(scenario.name)).toHaveLength(scenario.victims.length);
    expect(history().finalValues(outputs)).toHaveLength(4);
    expect(history().settlements()).toBe(1);
  });

  test("no call whose outcome was acknowledged ran again", () => {
    expect(history().begunAfterAcknowledged()).toEqual([]);
  });

  test("a reconcilable call began once, unless its reconciler said that it had not", () => {
    for (const name of ["second", "fourth"]) {
      const { begins, notStarted } = history().executions(name);
      for (const [key, count] of begins) {
        expect(count).toBeLessThanOrEqual(1 + (notStarted.get(name) ?? 0));
        expect(history().effects(key)).toBe(1);
      }
    }
  });

  test("a completion-only call ran again only if its outcome was never acknowledged", () => {
    for (const name of ["first", "third"]) {
      const runs = [...history().executions(name).begins.values()];
      expect(Math.max(0, ...runs)).toBeLessThanOrEqual(1 + scenario.victims.length);
    }
  });

  test("every attempt saw an acknowledged outcome alike, and nothing followed from another one", () => {
    const values = history().finalValues(outputs);
    expect(history().seenAfterAcknowledged()).toEqual([]);
    expect(history().strayEffects(["start", ...values])).toEqual([]);
  });

  test("a call has one idempotency key, on every attempt", () => {
    expect(history().callsWithSeveralKeys()).toEqual([]);
  });
});
