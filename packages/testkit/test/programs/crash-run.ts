import { setImmediate as turn } from "node:timers/promises";
import {
  type AttemptEnd,
  type AttemptEvent,
  type Claim,
  type ClaimedRun,
  ClaimLostError,
  type Clock,
  type CommitPort,
  CommitQueue,
  defineAction,
  implementationOf,
  MemoryStore,
  msgpackCodec,
  Notices,
  newNonce,
  type RunSnapshot,
  runAction,
  systemClock,
} from "@refrain/core";
import { Interpreter } from "./interpret.ts";
import { Process } from "./process.ts";
import type { Case } from "./program.ts";
import { World } from "./world.ts";

/** What stands between the engine and the store in a mutant. */
export interface Mutation {
  readonly claim?: (claim: Claim) => Claim;
  readonly run?: (run: ClaimedRun) => ClaimedRun;
}

export interface CrashRunOptions {
  readonly mutation?: Mutation;
  readonly isPure?: boolean;
}

export interface Verdict {
  readonly breaches: readonly string[];
  readonly events: readonly AttemptEvent[];
  /** Events that say that an attempt did not find again what an earlier one had done. */
  readonly unrest: readonly AttemptEvent[];
  readonly attempts: number;
  readonly crashes: number;
  /** Clears that the store applied. */
  readonly clears: number;
  /** How often the fn began that began most often. */
  readonly mostBegins: number;
  /** Calls the run's journal came to hold. */
  readonly calls: number;
  readonly run: RunSnapshot | undefined;
}

const action = defineAction<undefined, unknown>({ name: "program" });
const RUN_ID = "run";
const DEADLINE_MS = 5000;

/** The engine's patience is seconds; here it is a fiftieth. */
const hastyClock: Clock = {
  ...systemClock,
  timer: (ms, callback) => systemClock.timer(ms / 50, callback),
};

/** Runs a program through its crashes, each attempt in a process of its own over one store, to its end. */
export async function runThroughCrashes(
  given: Case,
  options: CrashRunOptions = {},
): Promise<Verdict> {
  const world = new World();
  const inner: CommitPort[] = [];
  const store = new MemoryStore({
    wrapPort: (port) => {
      inner.push(port);
      return port;
    },
  });
  const [port] = inner;
  if (port === undefined) throw new Error("the store has no port");
  await store.create(newRun());
  const events: AttemptEvent[] = [];
  const overtaken: Promise<string>[] = [];
  let crashes = 0;
  let attempt = 0;
  for (; attempt <= given.crashes.length; attempt++) {
    const setting = { given, world, attempt, options, events, overtaken };
    if ((await runAttempt(world.watch(port), setting)) === "ended") break;
    crashes += 1;
  }
  for (const end of overtaken) {
    const kind = await Promise.race([end, deadline()]);
    if (kind !== "lost" && kind !== "settled") world.note("who is overtaken ends", kind);
  }
  const run = await store.read(RUN_ID);
  if (run?.outcome === undefined) world.note("every run ends", `after ${attempt + 1} attempts`);
  return {
    breaches: world.breaches,
    events,
    unrest: events.filter(isUnrest),
    attempts: attempt + 1,
    crashes,
    clears: world.clears,
    mostBegins: world.mostBegins,
    calls: world.journal.length,
    run,
  };
}

function isUnrest(event: AttemptEvent): boolean {
  return (
    event.type === "diverged" || (event.type === "warning" && event.code === "order-not-restored")
  );
}

interface Setting {
  readonly given: Case;
  readonly world: World;
  readonly attempt: number;
  readonly options: CrashRunOptions;
  readonly events: AttemptEvent[];
  /** Attempts that go on although another one has the run. */
  readonly overtaken: Promise<string>[];
}

/** What became of an attempt: "overtaken" ones still run. */
type AttemptFate = "crashed" | "overtaken" | "released" | "ended";

async function runAttempt(port: CommitPort, setting: Setting): Promise<AttemptFate> {
  const { given, world, options, events, attempt: index, overtaken } = setting;
  const { isPure = false, mutation = {} } = options;
  let interpreter: Interpreter | undefined;
  const fate = deferred<"release" | "takeover">();
  const process = new Process(port, {
    world,
    case: given,
    attempt: index,
    crash: given.crashes[index],
    seen: () => interpreter?.seen ?? [],
    isPure,
    befall: fate.resolve,
  });
  const queue = new CommitQueue(process.port, { clock: hastyClock });
  const reply = await queue.claim(delivery(index));
  // It had settled before its process died.
  if (reply.kind === "settled") return "ended";
  if (reply.kind !== "claimed") throw new Error(`the claim was answered with "${reply.kind}"`);
  const { recorded } = world;
  const attempt = runAction({
    claim: mutation.claim?.(reply.claim) ?? reply.claim,
    run: mutation.run?.(reply.run) ?? reply.run,
    implementation: implementationOf(
      action.implement((ctx) => {
        interpreter = new Interpreter(ctx, process, isPure);
        return interpreter.run(given.program);
      }),
    ),
    clock: hastyClock,
    notices: new Notices(),
    observer: (event) => events.push(event),
  });
  const check = (): void => world.checkObservations(recorded, interpreter?.seen ?? []);
  const befallen = async (): Promise<AttemptEnd | "overtaken"> => {
    if ((await fate.promise) === "takeover") return "overtaken";
    attempt.release();
    return attempt.done;
  };
  const end = await Promise.race([
    attempt.done,
    process.port.crashed.then(() => "crashed" as const),
    befallen(),
    deadline(),
  ]);
  if (end === "overtaken") {
    overtaken.push(attempt.done.then(({ kind }) => kind).finally(check));
    return end;
  }
  if (end === "crashed") attempt.abort(new ClaimLostError("lock", "the process died"));
  else if (end === "stuck" || end.kind === "lost" || end.kind === "broken") {
    world.note("every attempt ends", end === "stuck" ? "it is stuck" : `it is ${end.kind}`);
    attempt.abort(new ClaimLostError("lock", "given up"));
  }
  await turn();
  check();
  if (end === "crashed") return end;
  return end !== "stuck" && end.kind === "released" ? "released" : "ended";
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function deadline(): Promise<"stuck"> {
  return new Promise((resolve) => {
    setTimeout(() => resolve("stuck"), DEADLINE_MS).unref();
  });
}

function newRun() {
  return {
    runId: RUN_ID,
    action: action.name,
    version: "",
    queue: action.queue,
    input: msgpackCodec.encode(undefined),
    inputDigest: "",
    requestId: newNonce(),
  };
}

function delivery(index: number) {
  return {
    runId: RUN_ID,
    action: action.name,
    queue: action.queue,
    nonce: newNonce(),
    jobTimestamp: 1,
    attemptsStarted: index + 1,
    incarnation: 0,
  };
}
