import { isReconcilable, type Program, parallel, sequence } from "./crash-action.ts";

/** A process that takes the run and dies. */
interface Victim {
  readonly at: string;
  readonly renamed?: string | undefined;
  readonly closeDuring?: string;
}

/** One run, the processes that die over it, and what the one that ends it knows of the action. */
export interface Scenario {
  readonly name: string;
  readonly program: Program;
  readonly victims: readonly Victim[];
  readonly renamed?: string;
}

type Kill = Omit<Scenario, "name" | "program">;

/**
 * Every point of every kind of call, at the first, the middle and the last of them, in a sequence and in a branch beside
 * another. Before a write its request never leaves; after it Redis has applied it, and nobody acts on the reply.
 */
export const scenarios: readonly Scenario[] = [
  ...killsOf(["c-first", "r-first", "c-middle", "r-middle", "c-last", "r-last"]).map((kill) =>
    scenarioOf("in a sequence", sequence, kill),
  ),
  ...killsOf(["b-c-first", "b-r-first", "b-c-middle", "b-r-middle", "b-c-last", "b-r-last"]).map(
    (kill) => scenarioOf("in a branch", parallel, kill),
  ),
];

function scenarioOf(where: string, program: Program, kill: Kill): Scenario {
  return { name: `${where} ${nameOf(kill)}`, program, ...kill };
}

function killsOf(calls: readonly string[]): Kill[] {
  const reconcilable = calls.filter(isReconcilable);
  const completionOnly = calls.filter((call) => !isReconcilable(call));
  const [first = "", , , middle = "", , last = ""] = calls;
  return [
    ...around("claim", "settle").map(one),
    one("finish.before"),
    ...completionOnly.flatMap((call) => around(`${call}.fn`, `${call}.record`)).map(one),
    ...reconcilable
      .flatMap((call) => around(`${call}.append`, `${call}.fn`, `${call}.finalize`))
      .map(one),
    ...reconcilable.flatMap((call) => atReconciling(call, `${call}.reconciler`)),
    ...atReconciling(middle, `${middle}.finalize`),
    // A later attempt, with a journal behind it.
    ...around("claim", "settle").map((at) => ({ victims: [{ at: `${middle}.fn.after` }, { at }] })),
    ...calls.filter((call) => call !== last).flatMap(atRelease),
    ...calls.flatMap((call) => atClear(call, last)),
    {
      victims: [
        "claim.after",
        `${first}.fn.after`,
        `${middle}.fn.before`,
        `${last}.fn.after`,
        "settle.before",
      ].map((at) => ({ at })),
    },
  ];
}

function one(at: string): Kill {
  return { victims: [{ at }] };
}

/** Killed over a call that an earlier attempt has started: its reconciler finds the effect, or that there is none. */
function atReconciling(call: string, point: string): Kill[] {
  return around(`${call}.fn`)
    .flatMap((started) => around(point).map((at) => [{ at: started }, { at }]))
    .map((victims) => ({ victims }));
}

/** The worker closes while fn runs, and is killed over handing the run back. */
function atRelease(call: string): Kill[] {
  return around("release").map((at) => ({ victims: [{ at, closeDuring: call }] }));
}

/** Another release of the action calls something else there, and drops a started call. */
function atClear(renamed: string, last: string): Kill[] {
  const started = { at: `${last}.fn.before` };
  return around("clear").map((at) => ({ victims: [started, { at, renamed }], renamed }));
}

function around(...points: readonly string[]): string[] {
  return points.flatMap((point) => [`${point}.before`, `${point}.after`]);
}

function nameOf({ victims, renamed }: Kill): string {
  const kills = victims.map(({ at, closeDuring }) =>
    closeDuring === undefined ? at : `${at} when closed during ${closeDuring}.fn`,
  );
  const where = kills.join(", then at ");
  return renamed === undefined ? `at ${where}` : `at ${where} over ${renamed}`;
}
