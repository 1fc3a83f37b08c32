import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Harness } from "../support/harness.ts";
import { CrashMatrix } from "./crash-matrix.ts";
import { judgeRun } from "./run-history.ts";
import { scenarios } from "./scenarios.ts";

const harness = new Harness();
let matrix: CrashMatrix;

beforeAll(async () => {
  const client = harness.client({ namespace: "crash" });
  matrix = new CrashMatrix({ url: harness.url(), client, namespace: "crash", lanes: 10 });
  await matrix.run(scenarios);
}, 600_000);

afterAll(() => matrix.stop());

describe("F1 a run outlives a kill", () => {
  test.each(scenarios)("$name", ({ name, victims, program, renamed }) => {
    const output = matrix.output(name);

    const verdict = judgeRun(matrix.eventsOf(name), output);

    expect(matrix.ends(name)).toEqual(victims.map(({ at }) => `struck at ${at}`));
    expect(verdict.flaws).toEqual([]);
    expect(verdict.settlements).toBe(1);
    expect(verdict.clears).toBe(renamed === undefined ? 0 : 1);
    expect(output.split(" ")).toHaveLength(program.flat().length);
  });
});
