import { setImmediate as turn } from "node:timers/promises";
import {
  type ActionStateStore,
  type CreateReply,
  MemoryStore,
  type NewRun,
  newNonce,
} from "@refrain/core";
import { expect, test } from "vitest";
import type { PreparedRun } from "../src/prepare-run.ts";
import type { OpenQueue } from "../src/run-queues.ts";
import { type Home, type Submission, submitRuns } from "../src/submit-runs.ts";

function prepared(runId: string): PreparedRun {
  const input = new Uint8Array();
  return {
    run: {
      runId,
      action: "a",
      version: "",
      queue: "q",
      input,
      inputDigest: "",
      requestId: newNonce(),
    },
    errors: {},
    preview: "",
  };
}

/** A queue that answers each `add` in its own way. */
function homeThat(add: (runId: string) => Promise<void> = async () => {}): Home {
  const addEach: OpenQueue["add"] = (runs) =>
    Promise.allSettled(runs.map(({ run }) => add(run.runId)));
  return { shard: 0, queue: { add: addEach, remove: async () => {} } };
}

function submission(runId: string, expected = homeThat()): Submission {
  return { prepared: prepared(runId), expected };
}

const nowhere = () => Promise.reject(new Error("no other shard was expected"));

/** A store that creates each run in its own way. */
function storeThat(create: (run: NewRun) => Promise<CreateReply>): ActionStateStore {
  const createMany = (runs: readonly NewRun[]) => Promise.allSettled(runs.map(create));
  return Object.assign(new MemoryStore(), { create, createMany });
}

test("every run is sent before any job, and all of it before the first reply", async () => {
  const sent: string[] = [];
  const store = new MemoryStore();
  const noting = storeThat(async (run) => {
    sent.push(`run ${run.runId}`);
    await turn();
    return store.create(run);
  });
  const home = homeThat(async (runId) => void sent.push(`job ${runId}`));

  const submissions = [submission("1", home), submission("2", home)];
  const submitting = submitRuns(noting, submissions, nowhere);

  expect(sent).toEqual(["run 1", "run 2", "job 1", "job 2"]);
  expect(await submitting).toEqual([{ kind: "created" }, { kind: "created" }]);
});

test("a job that is refused at once, and long before its run is answered, is told with its run", async () => {
  const store = storeThat(async () => {
    for (let turns = 0; turns < 5; turns++) await turn();
    return { kind: "created", shard: 0 };
  });
  const refusal = new Error("OOM command not allowed");

  const rejecting = submission(
    "r-1",
    homeThat(() => Promise.reject(refusal)),
  );
  const [submitted] = await submitRuns(store, [rejecting], nowhere);

  expect(submitted).toMatchObject({
    kind: "refused",
    error: { code: "ENQUEUE", runId: "r-1", cause: refusal },
  });
});

test("a run that may not have been created is not said to be there", async () => {
  const cause = new Error("Connection is closed.");
  const store = storeThat(() => Promise.reject(cause));

  const [submitted] = await submitRuns(store, [submission("r-1")], nowhere);

  if (submitted?.kind !== "refused") throw new Error("a refusal was expected");
  expect(submitted.error.message).toMatch(/^run r-1 may not have been created: enqueue it again/);
  expect(submitted.error.cause).toBe(cause);
});

test.each([
  ["OOM command not allowed when used memory > 'maxmemory'.", /no memory left \(maxmemory\)/],
  ["MISCONF Errors writing to the AOF file", /cannot write to its disk/],
  ["NOREPLICAS Not enough good replicas to write.", /too few replicas/],
  ["READONLY You can't write against a read only replica.", /is a replica now/],
])("F6 what keeps a server from writing is told with the run: %s", async (reply, advice) => {
  const store = storeThat(() => Promise.reject(new Error(`run r-1: ${reply}`)));

  const [submitted] = await submitRuns(store, [submission("r-1")], nowhere);

  if (submitted?.kind !== "refused") throw new Error("a refusal was expected");
  expect(submitted.error.message).toMatch(advice);
  expect(submitted.error.message).toMatch(/enqueue it again with the same runId and input/);
});
