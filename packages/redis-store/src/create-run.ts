import type { CreateReply, NewRun } from "@refrain/core";
import type { ShardKeys } from "./keys.ts";
import type { KnownLayout } from "./known-layout.ts";
import { countIn, type Placement } from "./placement.ts";
import { decodeOutcome, type Reply, type Script, type ScriptCall, scriptCall } from "./script.ts";
import { create } from "./scripts.generated.ts";
import { StoreError } from "./store-error.ts";

export interface CreateRunParts {
  readonly layout: KnownLayout;
  readonly keysOf: (shard: number) => ShardKeys;
  /** On its way when this returns; undefined when it may be done and is not known to be safe in time. */
  readonly write: (call: CreateCall) => Promise<Reply | undefined>;
}

type CreateCall =
  typeof create extends Script<infer Keys, infer Args, infer Outcome>
    ? ScriptCall<Keys, Args, Outcome>
    : never;

/** Looks again this often when a shard and the layout say different things: only what was lost can make them. */
const LOOKS = 3;

/**
 * Creates a run, however the namespace grows meanwhile. The oldest count by which the run may be there is tried first. A shard
 * that takes new runs by a later count says so, in the same step in which it looks whether it has the run: so it has it not, and
 * never will, and the next count's shard may be tried.
 *
 * The first command is on its way when this returns.
 */
export async function createRun(run: NewRun, parts: CreateRunParts): Promise<CreateReply> {
  const { layout } = parts;
  for (let look = 1; ; look++) {
    const placements = layout.placementsOf(run.runId);
    let refusal = "";
    for (const [at, placement] of placements.entries()) {
      const reply = await createAt(placement, run, parts);
      if (reply.kind !== "moved") return reply;
      refusal = reply.shards;
      // A shard that was not told of the next count yet may still take the run by an earlier one.
      const next = placements[at + 1];
      if (next === undefined || countIn(refusal, layout.current) < next.count) break;
    }
    if (look === LOOKS) throw disagreement(run.runId, refusal, parts);
    await layout.refresh();
  }
}

async function createAt(
  { shard, key }: Placement,
  run: NewRun,
  { keysOf, write }: CreateRunParts,
): Promise<CreateReply | { readonly kind: "moved"; readonly shards: string }> {
  const reply = await write(callOf(run, keysOf(shard), key));
  if (reply === undefined) return { kind: "unacknowledged" };
  const outcome = decodeOutcome(create, reply);
  switch (outcome.tag) {
    case "created":
    case "existing":
      return { kind: outcome.tag, shard };
    case "conflict":
      return { kind: "conflict", action: outcome.action, inputDigest: outcome.inputDigest };
    case "moved":
      return { kind: "moved", shards: outcome.shards };
  }
}

function callOf(run: NewRun, keys: ShardKeys, count: string): CreateCall {
  const { runId, action, version, queue, input, inputDigest, requestId } = run;
  const [delay, priority] = [textOf(run.delayMs), textOf(run.priority)];
  return scriptCall(
    create,
    { ...keys.of(runId), live: keys.live, shards: keys.shards },
    { runId, action, version, queue, input, inputDigest, requestId, delay, priority, count },
  );
}

function textOf(number: number | undefined): string {
  return number === undefined ? "" : String(number);
}

function disagreement(runId: string, count: string, { layout }: CreateRunParts): StoreError {
  const wanted = layout.shards.length;
  const most = Math.max(wanted, Number(count));
  return new StoreError(
    `run ${runId} was not created: its shard takes new runs by ${count || "its first number of"} shards, and the layout says ${wanted}. A growth was lost half-way with Redis's last writes: run \`npx refrain shards --namespace ${layout.namespace} --grow ${most}\` again`,
    { isTransient: true },
  );
}
