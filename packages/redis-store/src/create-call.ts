import type { CreateReply, NewRun } from "@refrain/core";
import type { ShardKeys } from "./keys.ts";
import { Operands } from "./operands.ts";
import { decodeOutcome, type Reply, type Script, ScriptCall } from "./script.ts";
import { create } from "./scripts.generated.ts";

export type CreateCall =
  typeof create extends Script<infer Keys, infer Args, infer Outcome>
    ? ScriptCall<Keys, Args, Outcome>
    : never;

/** `moved`: the run is not there, and its shard takes new ones by this count, as its key has it. */
export type CreateAnswer = CreateReply | { readonly kind: "moved"; readonly shards: string };

/** About what a run with a small input takes. */
const BYTES_PER_RUN = 384;

/** Runs as `create` takes them. No two of them have one id. */
export function createCall(runs: readonly NewRun[], keys: ShardKeys, count: string): CreateCall {
  const operands = new Operands(BYTES_PER_RUN * runs.length);
  operands.add(2 + 2 * runs.length);
  operands.add(keys.live);
  operands.add(keys.shards);
  for (const { runId } of runs) {
    const { run, calls } = keys.of(runId);
    operands.add(run);
    operands.add(calls);
  }
  operands.add(count);
  for (const run of runs) {
    operands.add(run.runId);
    operands.add(run.action);
    operands.add(run.version);
    operands.add(run.queue);
    operands.add(run.input);
    operands.add(run.inputDigest);
    operands.add(run.requestId);
    operands.add(run.delayMs ?? "");
    operands.add(run.priority ?? "");
  }
  return new ScriptCall(create, keys.live, operands);
}

const ALL_CREATED = Buffer.from("created");

/** What `create` answered to each run. */
export function readAnswers(runs: readonly NewRun[], shard: number, reply: Reply): CreateAnswer[] {
  if (Buffer.isBuffer(reply) && reply.equals(ALL_CREATED)) {
    const created = { kind: "created", shard } as const;
    return runs.map(() => created);
  }
  const replies = reply as readonly Reply[];
  return runs.map((_, index) => readAnswer(shard, replies[index] ?? null));
}

function readAnswer(shard: number, reply: Reply): CreateAnswer {
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
