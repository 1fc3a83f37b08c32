import type { Attempt, ClaimLostError } from "@refrain/core";
import { expect, test, vi } from "vitest";
import { beginAttempt } from "../src/attempts-here.ts";

interface FakeAttempt extends Attempt {
  readonly aborts: ClaimLostError[];
}

function fakeAttempt(runId: string, epoch: number): FakeAttempt {
  const aborts: ClaimLostError[] = [];
  return {
    runId,
    epoch,
    aborts,
    action: "a",
    done: new Promise(() => {}),
    isExecuting: false,
    isExecutingReconcilable: false,
    abort: (error) => void aborts.push(error),
    release: () => {},
    fail: () => {},
  };
}

function begin(scope: string, attempt: Attempt): () => void {
  return beginAttempt(scope, attempt, () => attempt)?.leave ?? (() => {});
}

test("a newer attempt at a run ends the older one in this process, before it begins", () => {
  const older = fakeAttempt("r-1", 1);
  const newer = fakeAttempt("r-1", 2);
  begin("s", older);

  beginAttempt("s", newer, () => {
    expect(older.aborts.map((error) => error.reason)).toEqual(["superseded"]);
    return newer;
  });

  expect(newer.aborts).toEqual([]);
});

test("an attempt whose claim is older than that of the one which runs does not begin", () => {
  const newer = fakeAttempt("r-2", 2);
  const start = vi.fn<() => Attempt>(() => fakeAttempt("r-2", 1));
  begin("s", newer);

  const begun = beginAttempt("s", { runId: "r-2", epoch: 1 }, start);

  expect(begun).toBeUndefined();
  expect(start).not.toHaveBeenCalled();
  expect(newer.aborts).toEqual([]);
});

test("runs of one id in different namespaces do not know each other", () => {
  const here = fakeAttempt("r-3", 1);
  begin("s", here);

  begin("other", fakeAttempt("r-3", 2));

  expect(here.aborts).toEqual([]);
});

test("an attempt that is over is not ended again", () => {
  const first = fakeAttempt("r-4", 1);
  const leave = begin("s", first);

  leave();
  begin("s", fakeAttempt("r-4", 2));

  expect(first.aborts).toEqual([]);
});

test("the end of a superseded attempt leaves its successor known", () => {
  const second = fakeAttempt("r-5", 2);
  const leaveFirst = begin("s", fakeAttempt("r-5", 1));
  begin("s", second);

  leaveFirst();
  begin("s", fakeAttempt("r-5", 3));

  expect(second.aborts).toHaveLength(1);
});
