import fc from "fast-check";

/** What an action does, as data: so that it can be made up, shrunk and printed. */
export type Program =
  | { readonly kind: "call"; readonly name: string; readonly isLazy: boolean }
  /** A call that nothing awaits. */
  | { readonly kind: "float"; readonly name: string }
  | { readonly kind: "seq"; readonly steps: readonly Program[] }
  | {
      readonly kind: "all" | "race" | "any" | "allSettled";
      readonly branches: readonly Program[];
    }
  | { readonly kind: "try"; readonly body: Program; readonly rescue: Program }
  /** Goes one way or the other by what was seen last. */
  | { readonly kind: "if"; readonly then: Program; readonly otherwise: Program }
  | { readonly kind: "throw" }
  /** Plain awaits that settle at once. */
  | { readonly kind: "tick"; readonly count: number }
  /** A plain timer: what actions must not await in parallel branches. */
  | { readonly kind: "timer"; readonly ms: number };

/** What the functions that a program calls are like. */
export interface Traits {
  readonly isReconcilable: boolean;
  readonly fails: boolean;
  /** Turns of the event loop that fn takes; later attempts may take others. */
  readonly turns: number;
  /** Milliseconds that fn takes besides. */
  readonly ms: number;
  /** fn goes on until the first plain timer of its attempt is over. */
  readonly outlastsTimer: boolean;
  /** Whether the outside world changes at the beginning of fn or at its end. */
  readonly isEager: boolean;
  /** The reconciler does not know the first time it is asked in an attempt. */
  readonly isShy: boolean;
}

type Catalog = Readonly<Record<string, Traits>>;

/**
 * What befalls an attempt, and when: its process dies at the n-th write, at the n-th beginning of a fn or after the n-th
 * effect; or, at a beginning, it is asked to hand back, or another process takes the run over while this one goes on.
 */
export interface Crash {
  readonly at: number;
  readonly point: "before-write" | "after-write" | "begin" | "effect" | "release" | "takeover";
}

export interface Case {
  readonly program: Program;
  readonly catalog: Catalog;
  readonly crashes: readonly Crash[];
  /** Feeds what may differ between attempts. */
  readonly noise: number;
}

const everything = [
  "before-write",
  "after-write",
  "begin",
  "effect",
  "release",
  "takeover",
] as const;
const names = ["alpha", "beta", "gamma", "delta"];

interface ProgramOptions {
  /** Kinds of combinators and leaves left out. */
  readonly without?: readonly Program["kind"][];
}

function programs(options: ProgramOptions = {}): fc.Arbitrary<Program> {
  const { without = ["timer"] } = options;
  const name = fc.constantFrom(...names);
  const { program } = fc.letrec<{ program: Program }>((tie) => {
    const branches = fc.array(tie("program"), { minLength: 1, maxLength: 3, size: "max" });
    const kinds: Record<Program["kind"], fc.WeightedArbitrary<Program>> = {
      call: { weight: 6, arbitrary: fc.record({ kind: just("call"), name, isLazy: fc.boolean() }) },
      float: { weight: 1, arbitrary: fc.record({ kind: just("float"), name }) },
      tick: {
        weight: 1,
        arbitrary: fc.record({ kind: just("tick"), count: fc.integer({ min: 1, max: 4 }) }),
      },
      timer: {
        weight: 2,
        arbitrary: fc.record({ kind: just("timer"), ms: fc.integer({ min: 1, max: 3 }) }),
      },
      throw: { weight: 1, arbitrary: fc.record({ kind: just("throw") }) },
      seq: {
        weight: 5,
        arbitrary: fc.record({
          kind: just("seq"),
          steps: fc.array(tie("program"), { minLength: 1, maxLength: 4, size: "max" }),
        }),
      },
      all: { weight: 3, arbitrary: fc.record({ kind: just("all"), branches }) },
      race: { weight: 2, arbitrary: fc.record({ kind: just("race"), branches }) },
      any: { weight: 1, arbitrary: fc.record({ kind: just("any"), branches }) },
      allSettled: { weight: 2, arbitrary: fc.record({ kind: just("allSettled"), branches }) },
      try: {
        weight: 2,
        arbitrary: fc.record({ kind: just("try"), body: tie("program"), rescue: tie("program") }),
      },
      if: {
        weight: 2,
        arbitrary: fc.record({
          kind: just("if"),
          // oxlint-disable-next-line unicorn/no-thenable -- a field of data, never awaited
          then: tie("program"),
          otherwise: tie("program"),
        }),
      },
    };
    const allowed = Object.entries(kinds).filter(
      ([kind]) => !without.includes(kind as Program["kind"]),
    );
    return {
      program: fc.oneof(
        { depthSize: "large", maxDepth: 5, withCrossShrink: true },
        ...allowed.map(([, weighted]) => weighted),
      ),
    };
  });
  return program;
}

export interface CaseOptions extends ProgramOptions {
  /** What may befall attempts. Default: everything. */
  readonly points?: readonly Crash["point"][];
}

export function cases(options: CaseOptions = {}): fc.Arbitrary<Case> {
  const { points = everything } = options;
  const traits = fc.record<Traits>({
    isReconcilable: fc.boolean(),
    fails: fc.integer({ min: 0, max: 4 }).map((one) => one === 0),
    turns: fc.integer({ min: 0, max: 3 }),
    ms: fc.constant(0),
    outlastsTimer: fc.constant(false),
    isEager: fc.boolean(),
    isShy: fc.integer({ min: 0, max: 5 }).map((one) => one === 0),
  });
  const crash = fc.record<Crash>({
    at: fc.integer({ min: 1, max: 6 }),
    point: fc.constantFrom(...points),
  });
  const steps = fc.array(programs(options), { minLength: 2, maxLength: 6, size: "max" });
  return fc.record<Case>({
    program: fc.record({ kind: just("seq"), steps }),
    catalog: fc.record(Object.fromEntries(names.map((name) => [name, traits]))),
    crashes: fc.array(crash, { minLength: 1, maxLength: 5, size: "max" }),
    noise: fc.nat(),
  });
}

function just<const T>(value: T): fc.Arbitrary<T> {
  return fc.constant(value);
}
