import { createHash } from "node:crypto";
import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { msgpackCodec, RunConflictError } from "@refrain/core";
import { Bed } from "./bed.ts";
import { bedAction } from "./bed-action.ts";
import type { BedEvent } from "./events.ts";
import { exitText, Inflictor, type Toll } from "./inflict.ts";
import type { MutantName } from "./mutants.ts";
import { callNote, printOfOutcome } from "./noting-port.ts";
import { type Breach, type Counts, judge } from "./oracle/judge.ts";
import { type BedInput, inputsOf, widthOf } from "./program.ts";
import { type FaultKind, mustBite, type Profile, scheduleOf } from "./schedule.ts";
import { printOf } from "./values.ts";

export interface SeedOptions {
  readonly seed: number;
  readonly profile: Profile;
  readonly mutant?: MutantName | undefined;
  /** How long faults go on. */
  readonly forMs?: number;
  /** How long runs may take to settle afterwards, and their jobs to be finished. */
  readonly patienceMs?: number;
  /** How many times longer locks last than on a machine with time to spare. */
  readonly slow?: number;
}

export interface SeedVerdict {
  readonly seed: number;
  readonly profile: Profile;
  readonly ms: number;
  /** From the last fault until every run was settled. */
  readonly tailMs: number;
  readonly toll: Toll & { readonly cuts: number; readonly redirections: number };
  readonly counts: Counts;
  readonly breaches: readonly Breach[];
  /** What of the profile did not bite: then the seed proves nothing. */
  readonly missing: readonly string[];
  /** Where the ledger and the logs are, when something is wrong. */
  readonly dir: string;
}

const CLOSE_WITHIN_MS = 10_000;
/** Before the first fault. */
const QUIET_MS = 1200;

/** One seed: random programs on real processes under random faults, judged by the oracle. */
export async function runSeed(options: SeedOptions): Promise<SeedVerdict> {
  const { seed, profile, mutant, forMs = 9000, patienceMs = 45_000, slow = 1 } = options;
  const startedAt = performance.now();
  const { faults, ...setting } = scheduleOf(seed, profile, forMs, slow);
  await using bed = await Bed.open({ ...setting, slow, mutant, isCluster: profile === "cluster" });
  await bed.untilReady();
  const load = new Load(bed, seed);
  const inflictor = new Inflictor(bed, () => load.open);
  const inflicted = pause(QUIET_MS).then(() => inflictor.inflictAll(faults));
  await Promise.all([load.enqueueAll(forMs * 0.85), inflicted]);
  const quietAt = performance.now();
  await load.settled(patienceMs);
  const tailMs = Math.round(performance.now() - quietAt);
  const jobs = await bed.jobStates(load.runIds, patienceMs);
  for (const place of bed.places) {
    const { by } = place;
    const exit = await place.close(CLOSE_WITHIN_MS);
    if (exit !== undefined && exit.code !== 0) {
      inflictor.toll.badExits.push({ by, text: exitText(exit) });
    }
  }
  // Now that nobody writes any more.
  await lookAtTheEnd(bed, load.runIds, jobs);
  const { cuts } = bed;
  const toll = Object.assign(inflictor.toll, { cuts, redirections: await bed.redirections() });
  const history = bed.history();
  const { breaches: found, counts, isStarved } = judge(history);
  const breaches = [...found, ...badExits(history, toll)];
  if (breaches.length === 0 && process.env["BED_KEEP"] === undefined) await bed.forget();
  const missing = missed(profile, toll, counts);
  if (isStarved) missing.push("time: the machine was too busy for such short locks");
  const ms = Math.round(performance.now() - startedAt);
  return { seed, profile, ms, tailMs, toll, counts, breaches, missing, dir: bed.dir };
}

/** Whoever takes runs ends well when told to. Before that, a process ends as any other does. */
function badExits(history: readonly BedEvent[], toll: Toll): Breach[] {
  const ready = new Set(history.filter(({ kind }) => kind === "ready").map(({ by }) => by));
  return toll.badExits
    .filter(({ by }) => ready.has(by))
    .map(({ by, text }) => ({ rule: "drain", run: "", text: `${by}: ${text}` }));
}

function missed(profile: Profile, toll: SeedVerdict["toll"], counts: Counts): string[] {
  const bites: Partial<Record<FaultKind, Readonly<Record<string, number>>>> = {
    kill: { kills: toll.kills, replays: counts.replays, verdicts: counts.verdicts },
    stop: { zombies: counts.zombies },
    cut: { cuts: toll.cuts },
    migrate: { migrations: toll.migrations, redirections: toll.redirections },
  };
  return mustBite(profile).flatMap((kind) =>
    Object.entries(bites[kind] ?? {}).flatMap(([name, count]) => (count > 0 ? [] : [name])),
  );
}

/** The runs of one seed: who enqueues them, and who waits for them. */
class Load {
  readonly runIds: readonly string[];
  readonly #bed: Bed;
  readonly #inputs: readonly BedInput[];
  readonly #others: readonly BedInput[];
  readonly #chance: (topic: string) => number;
  readonly #enqueued = new Set<string>();
  readonly #settled = new Set<string>();
  readonly #waits: Promise<void>[] = [];
  readonly #patience = new AbortController();
  readonly #action = bedAction("r1");

  constructor(bed: Bed, seed: number) {
    this.#bed = bed;
    setMaxListeners(0, this.#patience.signal);
    this.#chance = (topic) =>
      createHash("sha1").update(`${seed}/${topic}`).digest().readUInt32BE() / 2 ** 32;
    const count = 40 + Math.floor(this.#chance("count") * 21);
    this.#inputs = inputsOf(seed, count);
    this.#others = inputsOf(seed + 1, count);
    this.runIds = this.#inputs.map((_, index) => `run-${index}`);
  }

  /** Runs that were enqueued and are not settled yet. */
  get open(): string[] {
    return this.runIds.filter((runId) => this.#enqueued.has(runId) && !this.#settled.has(runId));
  }

  async enqueueAll(withinMs: number): Promise<void> {
    const gap = withinMs / this.runIds.length;
    const sending = this.runIds.map(async (runId, index) => {
      await pause(index * gap);
      const extra: Promise<void>[] = [];
      if (this.#chance(`twice ${runId}`) < 0.2)
        extra.push(this.#enqueue(runId, this.#inputs[index]));
      if (this.#chance(`other ${runId}`) < 0.15)
        extra.push(this.#enqueue(runId, this.#others[index]));
      await Promise.all([this.#enqueue(runId, this.#inputs[index]), ...extra]);
      this.#enqueued.add(runId);
      this.#waits.push(this.#await(runId));
    });
    await Promise.all(sending);
  }

  /** Tries until it knows: that is what the id is for. */
  async #enqueue(runId: string, input: BedInput | undefined): Promise<void> {
    if (input === undefined) return;
    const told = {
      kind: "enqueued",
      run: runId,
      input: printOf(input),
      width: widthOf(input.program),
    } as const;
    for (;;) {
      try {
        const { created } = await this.#bed.client.enqueue(this.#action, input, { runId });
        return this.#bed.note({ ...told, reply: created ? "created" : "existing" });
      } catch (error) {
        const isConflict = error instanceof RunConflictError;
        this.#bed.note({ ...told, reply: isConflict ? "conflict" : "error" });
        if (isConflict) return;
        await pause(100);
      }
    }
  }

  async #await(runId: string): Promise<void> {
    const run = this.#bed.client.run(this.#action, runId);
    const { signal } = this.#patience;
    const told = await run.result({ signal }).then(
      (value) => ({ status: "SUCCEEDED", print: printOf(value) }),
      (error: Error) => ({ status: signal.aborted ? "" : "FAILED", print: printOf(error) }),
    );
    if (told.status !== "") this.#settled.add(runId);
    this.#bed.note({ kind: "result", run: runId, ...told });
  }

  async settled(withinMs: number): Promise<void> {
    const patience = setTimeout(() => this.#patience.abort(), withinMs);
    await Promise.all(this.#waits);
    clearTimeout(patience);
  }
}

async function lookAtTheEnd(
  bed: Bed,
  runIds: readonly string[],
  jobs: ReadonlyMap<string, string>,
): Promise<void> {
  for (const run of runIds) {
    const found = await bed.read(run);
    const { outcome } = found ?? {};
    bed.note({
      kind: "final",
      run,
      status: found?.status ?? "",
      epoch: found?.epoch ?? 0,
      v: found?.v ?? 0,
      input: found === undefined ? "" : printOf(msgpackCodec.decode(found.input)),
      print: outcome === undefined ? "" : printOfOutcome(outcome.status, outcome.payload),
      calls: (found?.calls ?? []).map(callNote),
      job: jobs.get(run) ?? "none",
    });
  }
  bed.note({
    kind: "leaks",
    keys: await bed.leaks(),
  });
}
