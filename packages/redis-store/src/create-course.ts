import { type CreateReply, LimitExceededError, type Limits, type NewRun } from "@refrain/core";
import type { Asked } from "./create-batches.ts";
import type { CreateAnswer } from "./create-call.ts";
import { checkQueueName, checkRunId } from "./keys.ts";
import type { KnownLayout } from "./known-layout.ts";
import { countIn, type Placement } from "./placement.ts";
import { StoreError } from "./store-error.ts";

/** Looks again this often when a shard and the layout say different things: only what was lost can make them. */
const LOOKS = 3;

/**
 * The way of a run that is to be created. The oldest count by which it may be there is tried first. A shard that takes new runs
 * by a later count says so, in the same step in which it looks whether it has the run: so it has it not, and never will, and the
 * next count's shard may be tried.
 */
export class CreateCourse implements Asked {
  readonly run: NewRun;
  readonly #layout: KnownLayout;
  #placements: readonly Placement[] = [];
  #at = 0;
  #looks = 0;
  #end: PromiseSettledResult<CreateReply> | undefined;

  constructor(run: NewRun, layout: KnownLayout, limits: Limits) {
    this.run = run;
    this.#layout = layout;
    try {
      checkRun(run, limits);
      this.look();
    } catch (reason) {
      this.#end = { status: "rejected", reason };
    }
  }

  /** What became of it; undefined while that is open. */
  get end(): PromiseSettledResult<CreateReply> | undefined {
    return this.#end;
  }

  /** Where it is to be tried; undefined when it is over, and when the layout must be looked at first. */
  get placement(): Placement | undefined {
    return this.#end === undefined ? this.#placements[this.#at] : undefined;
  }

  /** Goes by the layout as it is known now. */
  look(): void {
    this.#placements = this.#layout.placementsOf(this.run.runId);
    this.#at = 0;
    this.#looks += 1;
  }

  /** Takes the answer of the shard that was tried. */
  hear(answer: CreateAnswer): void {
    if (answer.kind !== "moved") {
      this.#end = { status: "fulfilled", value: answer };
      return;
    }
    const { shards } = answer;
    const next = this.#placements[this.#at + 1];
    // A shard that was not told of the next count yet may still take the run by an earlier one.
    const isNext = next !== undefined && countIn(shards, this.#layout.current) >= next.count;
    if (isNext) this.#at += 1;
    else if (this.#looks < LOOKS) this.#placements = [];
    else this.#end = { status: "rejected", reason: this.#disagreement(shards) };
  }

  fail(error: unknown): void {
    const reason = StoreError.from(`run ${this.run.runId}: it may not have been created`, error);
    this.#end = { status: "rejected", reason };
  }

  #disagreement(count: string): StoreError {
    const { shards, namespace } = this.#layout;
    const wanted = shards.length;
    const most = Math.max(wanted, Number(count));
    return new StoreError(
      `run ${this.run.runId} was not created: its shard takes new runs by ${count || "its first number of"} shards, and the layout says ${wanted}. A growth was lost half-way with Redis's last writes: run \`npx refrain shards --namespace ${namespace} --grow ${most}\` again`,
      { isTransient: true },
    );
  }
}

/** @throws TypeError on a bad run id or queue, LimitExceededError on too large an input. */
function checkRun({ runId, queue, input }: NewRun, { maxValueBytes }: Limits): void {
  checkRunId(runId);
  checkQueueName(queue);
  if (input.byteLength <= maxValueBytes) return;
  throw new LimitExceededError(
    `run ${runId}: its input takes ${input.byteLength} bytes, more than ${maxValueBytes} (limits.maxValueBytes)`,
  );
}
