import type { Edit, Mutant, Mutants } from "./mutant.ts";

const store = "packages/redis-store";

function caught(
  test: "grow" | "grown",
  file: string,
  title: string,
  ...edits: readonly Edit[]
): Mutant {
  const caughtBy = { file: `${store}/test/${test}.test.ts`, title };
  return { file: `${store}/${file}`, edits, caughtBy };
}

/** Faults in how a namespace gets more shards. */
export const growth: Mutants = {
  "a shard takes runs by whatever count": caught(
    "grown",
    "lua/create/refusal.lua",
    "that are dropped stay refused: a process that knows only them makes no run by them",
    ["if placedBy ~= count then", "if false then"],
  ),
  "the newest count is tried first": caught(
    "grow",
    "src/create-course.ts",
    "has each id once, whoever creates it between which steps, and whatever count he knows",
    [
      "this.#layout.placementsOf(this.run.runId);",
      "this.#layout.placementsOf(this.run.runId).toReversed();",
    ],
  ),
  "a run is made by a former count": caught(
    "grown",
    "src/placement.ts",
    "a former count makes no second run in the old shard",
    ["if (former.includes(count)) return LOOK_ONLY;", ""],
  ),
  "a shard that forgot its count is not told again": caught(
    "grown",
    "src/grow-shards.ts",
    "the new shard says what to do, and that mends it",
    ["return await placeForgotten(options);", "return false;"],
  ),
  "a late copy lowers a shard's count": caught(
    "grown",
    "lua/place.lua",
    "a late copy of an earlier growth lowers nothing",
    ["if known and tonumber(known) > tonumber(count)", "if false"],
  ),
  "old shards are told before the new ones": caught(
    "grow",
    "src/grow-shards.ts",
    "can be finished after it was broken off at any step, and works in between",
    ["[...numbers(from, shards), ...numbers(0, from)]", "numbers(0, shards)"],
  ),
  "a run that is not found is not looked for by the layout of now": caught(
    "grown",
    "src/find-run.ts",
    "who knows the former count only is told so, and finds what others have made meanwhile",
    ["await layout.refresh();", ""],
  ),
  "settled runs do not keep a former count": caught(
    "grown",
    "src/former-runs.ts",
    "are dropped when no run is left, live or settled, that only they lead to, and not before",
    ["if (left > 0) return left;", ""],
  ),
};
