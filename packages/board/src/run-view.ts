import { placeInRun, type RunSnapshot } from "@refrain/core";
import { errorOf, reasonOf, resultOrError } from "./call-endings.ts";
import { callTable, countCalls } from "./call-table.ts";
import { type Json, type PreviewLimits, plainText } from "./preview.ts";
import { showError, showValue, type ValueReader } from "./stored-value.ts";

/** What is shown of a run in place of what BullMQ knows about its job. */
export interface RunView {
  readonly title: string;
  readonly data: Json;
  /** Set when the run failed. */
  readonly failedReason: string | undefined;
}

const LONGEST_NAME = 80;
const CALLS_ON_PAGE = 200;
const CALLS_IN_LOG = 1000;
export const ON_PAGE: PreviewLimits = { depth: 6, entries: 50, text: 2000, values: 1000 };
const IN_LIST: PreviewLimits = { depth: 3, entries: 10, text: 120, values: 40 };

/**
 * A job page: the run, its input, its outcome, and its calls as a table.
 *
 * @param problem why there are no calls, when they could not be read.
 */
export function showRun(run: RunSnapshot, reader: ValueReader, problem?: string): RunView {
  const calls = problem ?? sumUp(run);
  if (run.calls.length === 0) return view(run, reader, ON_PAGE, { calls });
  const table = callTable(run, CALLS_ON_PAGE, (call) => errorOf(run, call, reader));
  return view(run, reader, ON_PAGE, { calls, table });
}

/** An entry of a job list: the same in short, without the calls. */
export function showRunInList(run: RunSnapshot, reader: ValueReader): RunView {
  return view(run, reader, IN_LIST, {});
}

/** The log of a run's job: one line per call, with what it returned or threw. */
export function callLog(run: RunSnapshot, reader: ValueReader): string[] {
  if (run.calls.length === 0) return [];
  return callTable(run, CALLS_IN_LOG, (call) => resultOrError(run, call, reader));
}

function view(
  run: RunSnapshot,
  reader: ValueReader,
  limits: PreviewLimits,
  calls: { readonly [key: string]: Json },
): RunView {
  const outcome = showOutcome(run, reader, limits);
  const place = placeInRun("input", run);
  const parts = [run.action, run.runId, run.status];
  return {
    title: parts.map((part) => plainText(part, LONGEST_NAME)).join(" · "),
    data: {
      run: facts(run),
      input: showValue(run.input, place, ["input"], reader, limits),
      ...outcome,
      ...calls,
    },
    failedReason: outcome.error === undefined ? undefined : reasonOf(outcome.error),
  };
}

function facts(run: RunSnapshot): Json {
  const { runId, action, version, status, epoch, generation, outcome } = run;
  return {
    id: plainText(runId, LONGEST_NAME),
    action,
    ...(version === "" ? {} : { version: plainText(version, LONGEST_NAME) }),
    status,
    attempt: epoch,
    ...(generation === 0 ? {} : { generation }),
    created: moment(run.createdAt),
    ...(run.settledAt === undefined ? {} : { settled: moment(run.settledAt) }),
    ...(outcome?.failedSlot === undefined ? {} : { failedSlot: outcome.failedSlot }),
  };
}

function showOutcome(
  run: RunSnapshot,
  reader: ValueReader,
  limits: PreviewLimits,
): { readonly output?: Json; readonly error?: Json } {
  if (run.outcome === undefined) return {};
  const { status, payload } = run.outcome;
  return status === "SUCCEEDED"
    ? { output: showValue(payload, placeInRun("output", run), ["output"], reader, limits) }
    : { error: showError(payload, placeInRun("error", run), ["error"], reader, limits) };
}

/** Calls are dropped when their run succeeds: saying "none" would be wrong. */
function sumUp(run: RunSnapshot): string {
  if (run.calls.length > 0) return countCalls(run);
  return run.status === "SUCCEEDED" ? "dropped when the run succeeded" : "none recorded";
}

function moment(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? "unknown" : date.toISOString();
}
