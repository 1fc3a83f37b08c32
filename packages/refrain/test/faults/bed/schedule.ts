import fc from "fast-check";

/** One fault, `afterMs` after the one before it. `worker` counts the bed's workers from 0. */
export type Fault = { readonly afterMs: number } & (
  | { readonly kind: "kill"; readonly worker: number }
  /** A worker stands still for longer than its locks last, and goes on as if nothing had happened. */
  | { readonly kind: "stop"; readonly worker: number; readonly ms: number }
  /** The same, with a batch of its own that it will send again when it wakes. */
  | {
      readonly kind: "late-copy";
      readonly worker: number;
      readonly match: string;
      readonly ms: number;
    }
  /** A connection is cut at a command; a late one arrives all the same, after its copy. */
  | {
      readonly kind: "cut";
      readonly worker: number;
      readonly when: "before" | "after" | "late";
      readonly match: string;
      readonly ms: number;
    }
  | {
      readonly kind: "cut-client";
      readonly when: "before" | "after" | "late";
      readonly match: string;
      readonly ms: number;
    }
  | { readonly kind: "kill-redis" }
  | { readonly kind: "stop-redis"; readonly ms: number }
  | { readonly kind: "flush-scripts" }
  /** A shard's slot moves to another node of the cluster, and is half moved twice for this long. */
  | { readonly kind: "migrate"; readonly shard: number; readonly to: number; readonly ms: number }
  /** A job goes from its queue: the rescuer is to add it anew. */
  | { readonly kind: "lose-job"; readonly pick: number }
  /** Every worker is closed and replaced by one of the next version, one after the other. */
  | { readonly kind: "deploy" }
);

export type FaultKind = Fault["kind"];

/** How often each kind of fault is taken. */
type Weights = Readonly<Partial<Record<FaultKind, number>>>;

const profiles = {
  mixed: {
    kill: 4,
    stop: 7,
    "late-copy": 3,
    cut: 5,
    "cut-client": 1,
    "kill-redis": 1,
    "stop-redis": 1,
    "flush-scripts": 1,
    "lose-job": 2,
    deploy: 1,
  },
  workers: { kill: 4, stop: 9, "late-copy": 5, deploy: 1, "lose-job": 1 },
  network: { cut: 8, "late-copy": 4, "cut-client": 2, "flush-scripts": 2, stop: 3 },
  redis: { "kill-redis": 2, "stop-redis": 2, cut: 2, kill: 2, "flush-scripts": 1 },
  cluster: { migrate: 9, kill: 4, stop: 4, "flush-scripts": 1, "lose-job": 1 },
} as const satisfies Readonly<Record<string, Weights>>;

export type Profile = keyof typeof profiles;
export const profileNames = Object.keys(profiles) as readonly Profile[];

/** What a profile's faults must at least have brought about for its seed to count. */
export function mustBite(profile: Profile): readonly FaultKind[] {
  return (Object.keys(profiles[profile]) as FaultKind[]).filter((kind) =>
    ["kill", "stop", "cut", "migrate"].includes(kind),
  );
}

export interface Schedule {
  readonly faults: readonly Fault[];
  readonly appendfsync: "always" | "everysec";
  readonly lockDurationMs: number;
}

const WORKERS = 3;

/** The faults of one seed: about `forMs` of them. `slow` stretches locks, and how long whoever stands still does. */
export function scheduleOf(seed: number, profile: Profile, forMs: number, slow: number): Schedule {
  const [schedule] = fc.sample(schedules(profile, forMs), { seed, numRuns: 1 });
  if (schedule === undefined) throw new Error("there is no schedule");
  const { faults: all, appendfsync, lockDurationMs } = schedule;
  return {
    faults: all.map((fault) => stretched(fault, slow)),
    appendfsync,
    lockDurationMs: lockDurationMs * slow,
  };
}

function stretched(fault: Fault, slow: number): Fault {
  const isPause =
    fault.kind === "stop" || fault.kind === "late-copy" || fault.kind === "stop-redis";
  return isPause ? { ...fault, ms: fault.ms * slow } : fault;
}

function schedules(profile: Profile, forMs: number): fc.Arbitrary<Schedule> {
  const weights: Weights = profiles[profile];
  const kinds = Object.entries(weights) as [FaultKind, number][];
  const fault = fc.oneof(...kinds.map(([kind, weight]) => ({ weight, arbitrary: faults[kind] })));
  return fc
    .record({
      faults: fc.array(fault, { minLength: 40, maxLength: 40 }),
      appendfsync: fc.constantFrom("always" as const, "everysec" as const),
      lockDurationMs: fc.constantFrom(1200, 1500),
    })
    .map(({ faults: all, appendfsync, lockDurationMs }) => {
      return { faults: within(all, forMs), appendfsync, lockDurationMs };
    });
}

/** The faults that begin in time; of deploys, which take long, two at most. */
function within(faults: readonly Fault[], forMs: number): Fault[] {
  let sum = 0;
  let deploys = 0;
  return faults.filter((fault) => {
    if (fault.kind === "deploy" && ++deploys > 2) return false;
    sum += fault.afterMs;
    return sum <= forMs;
  });
}

const afterMs = fc.integer({ min: 150, max: 900 });
const worker = fc.nat({ max: WORKERS - 1 });
const when = fc.constantFrom("before" as const, "after" as const, "late" as const);
/** Operands of our own script, keys of BullMQ's: each picks the next command that has it. */
const writes = fc.constantFrom("\r\nput\r\n", "\r\nput\r\n", "\r\nsettle\r\n", "\r\nclaim\r\n");
const commands = fc.oneof(
  { weight: 5, arbitrary: writes },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "\r\nrelease\r\n",
      '{"run":',
      ":bed:limiter",
      ":bed:stalled",
      ":bed:marker",
    ),
  },
);
const toClient = fc.constantFrom(":live", ":bed:marker");

const faults: Readonly<Record<FaultKind, fc.Arbitrary<Fault>>> = {
  kill: fc.record({ kind: just("kill"), afterMs, worker }),
  stop: fc.record({
    kind: just("stop"),
    afterMs,
    worker,
    ms: fc.integer({ min: 2200, max: 4000 }),
  }),
  "late-copy": fc.record({
    kind: just("late-copy"),
    afterMs,
    worker,
    match: writes,
    ms: fc.integer({ min: 2800, max: 4200 }),
  }),
  cut: fc.record({
    kind: just("cut"),
    afterMs,
    worker,
    when,
    match: commands,
    ms: fc.oneof(fc.integer({ min: 20, max: 200 }), fc.integer({ min: 2000, max: 4000 })),
  }),
  "cut-client": fc.record({
    kind: just("cut-client"),
    afterMs,
    when,
    match: toClient,
    ms: fc.integer({ min: 20, max: 2000 }),
  }),
  "kill-redis": fc.record({ kind: just("kill-redis"), afterMs }),
  "stop-redis": fc.record({
    kind: just("stop-redis"),
    afterMs,
    ms: fc.oneof(fc.integer({ min: 100, max: 500 }), fc.integer({ min: 1200, max: 2200 })),
  }),
  "flush-scripts": fc.record({ kind: just("flush-scripts"), afterMs }),
  migrate: fc.record({
    kind: just("migrate"),
    afterMs,
    shard: fc.nat({ max: 1 }),
    to: fc.nat({ max: 1 }),
    ms: fc.integer({ min: 20, max: 300 }),
  }),
  "lose-job": fc.record({ kind: just("lose-job"), afterMs, pick: fc.nat() }),
  deploy: fc.record({ kind: just("deploy"), afterMs }),
};

function just<const T>(value: T): fc.Arbitrary<T> {
  return fc.constant(value);
}
