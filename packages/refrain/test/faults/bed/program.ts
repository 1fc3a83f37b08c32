import fc from "fast-check";
import { type ValueKind, valueKinds } from "./values.ts";

/** What an action does, as data: the input of its run, so that every attempt does the same. */
export type Program =
  | { readonly kind: "call"; readonly name: string }
  | { readonly kind: "seq"; readonly steps: readonly Program[] }
  | { readonly kind: "all" | "race"; readonly branches: readonly Program[] }
  | { readonly kind: "try"; readonly body: Program; readonly rescue: Program }
  | { readonly kind: "throw" };

/** What one of the functions that a program calls is like. */
export interface Traits {
  readonly isReconcilable: boolean;
  /** Tries that the call's retry policy allows. */
  readonly tries: number;
  /** Tries that fail, in every attempt, before one succeeds. */
  readonly failures: number;
  /** Milliseconds from the beginning of fn to its effect, and from there to its end. */
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly value: ValueKind;
  /** The reconciler does not know the first time that an attempt asks it. */
  readonly isShy: boolean;
  /** fn of a reconcilable call takes effect and then cannot say so: its first try in an attempt ends unknown. */
  readonly isVague: boolean;
}

export interface BedInput {
  readonly program: Program;
  readonly catalog: Readonly<Record<string, Traits>>;
}

const names = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"];

/** The inputs of `count` runs: the same for the same seed. */
export function inputsOf(seed: number, count: number): BedInput[] {
  // As plain objects: fast-check's have no prototype, which a journal does not keep.
  return fc.sample(inputs(), { seed, numRuns: count }).map((input) => structuredClone(input));
}

function inputs(): fc.Arbitrary<BedInput> {
  // Most steps are caught, or most runs would be over after a few calls.
  const step = fc.tuple(programs(), fc.constantFrom(...names), fc.integer({ min: 1, max: 4 }));
  const caught = step.map(([body, name, dice]): Program => {
    return dice === 1 ? body : { kind: "try", body, rescue: { kind: "call", name } };
  });
  const steps = fc.array(caught, { minLength: 5, maxLength: 10, size: "max" });
  return fc.record({
    program: fc.record({ kind: fc.constant("seq" as const), steps }),
    catalog: fc.record(Object.fromEntries(names.map((name) => [name, traits()]))),
  });
}

function programs(): fc.Arbitrary<Program> {
  const { program } = fc.letrec<{ program: Program }>((tie) => {
    const parts = (maxLength: number): fc.Arbitrary<Program[]> =>
      fc.array(tie("program"), { minLength: 2, maxLength, size: "max" });
    const call = fc.record({ kind: fc.constant("call" as const), name: fc.constantFrom(...names) });
    return {
      program: fc.oneof(
        { maxDepth: 3, depthSize: "large", withCrossShrink: true },
        { weight: 8, arbitrary: call },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant("throw" as const) }) },
        { weight: 3, arbitrary: fc.record({ kind: fc.constant("seq" as const), steps: parts(4) }) },
        {
          weight: 4,
          arbitrary: fc.record({
            kind: fc.constantFrom("all" as const, "race" as const),
            branches: parts(3),
          }),
        },
        {
          weight: 4,
          arbitrary: fc.record({
            kind: fc.constant("try" as const),
            body: tie("program"),
            rescue: tie("program"),
          }),
        },
      ),
    };
  });
  return program;
}

function traits(): fc.Arbitrary<Traits> {
  const oneIn = (times: number): fc.Arbitrary<boolean> =>
    fc.integer({ min: 1, max: times }).map((one) => one === 1);
  return fc.record({
    isReconcilable: fc.boolean(),
    tries: fc.oneof(
      { weight: 3, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.integer({ min: 2, max: 3 }) },
    ),
    failures: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
    ),
    beforeMs: someMs(),
    afterMs: someMs(),
    value: fc.constantFrom(...valueKinds),
    isShy: oneIn(6),
    isVague: oneIn(8),
  });
}

function someMs(): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 4 }) },
    { weight: 3, arbitrary: fc.integer({ min: 5, max: 25 }) },
    { weight: 3, arbitrary: fc.integer({ min: 40, max: 110 }) },
  );
}

/** Calls that a program may have under way at once, with what its races and failed joins leave running behind. */
export function widthOf(program: Program): number {
  return shapeOf(program).width;
}

function shapeOf(program: Program): { readonly width: number; readonly left: number } {
  switch (program.kind) {
    case "call":
      return { width: 1, left: 0 };
    case "throw":
      return { width: 0, left: 0 };
    case "seq":
      return inSequence(program.steps);
    case "try":
      return inSequence([program.body, program.rescue]);
    case "all":
    case "race": {
      const width = program.branches.reduce((sum, branch) => sum + shapeOf(branch).width, 0);
      return { width, left: width };
    }
  }
}

function inSequence(steps: readonly Program[]): { readonly width: number; readonly left: number } {
  let left = 0;
  let width = 0;
  for (const shape of steps.map(shapeOf)) {
    width = Math.max(width, left + shape.width);
    left += shape.left;
  }
  return { width, left };
}
