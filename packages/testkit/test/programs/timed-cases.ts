import fc from "fast-check";
import type { Case, Program, Traits } from "./program.ts";

const quick: Traits = {
  isReconcilable: false,
  fails: false,
  turns: 0,
  ms: 0,
  outlastsTimer: false,
  isEager: true,
  isShy: false,
};

/**
 * Two branches, one of which awaits a plain timer between two calls, while the other's first call takes longer than that.
 * Live, the timer is over first. On replay the other branch's outcome is there at once, and only the order of delivery
 * keeps its next call from taking the slot of the call behind the timer.
 */
export function timedCases(): fc.Arbitrary<Case> {
  return fc
    .record({
      ms: fc.integer({ min: 1, max: 4 }),
      isLazy: fc.boolean(),
      isReconcilable: fc.boolean(),
      crashAt: fc.integer({ min: 4, max: 6 }),
    })
    .map(({ ms, isLazy, isReconcilable, crashAt }) => ({
      program: { kind: "all", branches: [timed(ms, isLazy), untimed(isLazy)] },
      catalog: {
        alpha: quick,
        beta: { ...quick, isReconcilable },
        // Counted in turns, not in milliseconds: on a busy machine a timer of 1 ms can be over later than one of 20.
        gamma: { ...quick, outlastsTimer: true, turns: 8 },
        delta: { ...quick, isReconcilable },
      },
      crashes: [{ at: crashAt, point: "begin" }],
      noise: 0,
    }));
}

/** Branches full of timers, each of which takes another time in every attempt. */
export function restlessCases(): fc.Arbitrary<Case> {
  const name = fc.constantFrom("alpha", "beta", "gamma", "delta");
  const step = fc.oneof(
    fc.integer({ min: 1, max: 3 }).map((ms): Program => ({ kind: "timer", ms })),
    fc
      .tuple(name, fc.boolean())
      .map(([id, isLazy]): Program => ({ kind: "call", name: id, isLazy })),
  );
  const branch = fc.array(step, { minLength: 4, maxLength: 8, size: "max" });
  return fc
    .record({
      branches: fc.array(branch, { minLength: 2, maxLength: 3 }),
      crashAts: fc.array(fc.integer({ min: 3, max: 8 }), { minLength: 1, maxLength: 6 }),
      noise: fc.integer({ min: 1 }),
    })
    .map(({ branches, crashAts, noise }) => ({
      program: { kind: "all", branches: branches.map((steps) => ({ kind: "seq", steps })) },
      catalog: {
        alpha: quick,
        beta: { ...quick, isReconcilable: true },
        gamma: { ...quick, ms: 2 },
        delta: { ...quick, isReconcilable: true, turns: 2 },
      },
      crashes: crashAts.map((at) => ({ at, point: "begin" })),
      noise,
    }));
}

function timed(ms: number, isLazy: boolean): Program {
  const steps: Program[] = [
    { kind: "call", name: "alpha", isLazy },
    { kind: "timer", ms },
    { kind: "call", name: "beta", isLazy },
    { kind: "call", name: "alpha", isLazy },
  ];
  return { kind: "seq", steps };
}

function untimed(isLazy: boolean): Program {
  const steps: Program[] = [
    { kind: "call", name: "gamma", isLazy },
    { kind: "call", name: "delta", isLazy },
    { kind: "call", name: "alpha", isLazy },
  ];
  return { kind: "seq", steps };
}
