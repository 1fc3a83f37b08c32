import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import type { JobStatus, QueueAdapterOptions } from "@bull-board/api/typings/app";
import { readJobData, retryRun, runIdOf } from "@refrain/client";
import { type ActionStateStore, type RunSnapshot, systemClock } from "@refrain/core";
import type { Job, Queue } from "bullmq";
import { plainText, preview } from "./preview.ts";
import { callLog, ON_PAGE, showRun, showRunInList } from "./run-view.ts";
import type { ValueReader } from "./stored-value.ts";

/** Where the board reads runs from. It writes nothing there, unless it may retry runs: then it reopens them. */
export type RunReader = Pick<ActionStateStore, "read"> & Partial<Pick<ActionStateStore, "reopen">>;

/**
 * Shows each job of a queue as the run behind it. The journal is read and decoded when a page asks for it, so workers
 * write nothing for the board.
 */
export class RunQueueAdapter extends BullMQAdapter {
  readonly #jobs: Queue;
  readonly #runs: RunReader;
  readonly #reader: ValueReader;

  constructor(
    queue: Queue,
    runs: RunReader,
    reader: ValueReader,
    options: Partial<QueueAdapterOptions>,
  ) {
    super(queue, options);
    this.#jobs = queue;
    this.#runs = runs;
    this.#reader = reader;
  }

  override async getJob(id: string): Promise<Job | undefined> {
    const job = await super.getJob(id);
    return job && this.#show(job, true);
  }

  override async getJobs(statuses: JobStatus[], start?: number, end?: number): Promise<Job[]> {
    const jobs = await super.getJobs(statuses, start, end);
    return Promise.all(jobs.map((job) => this.#show(job, false)));
  }

  /** The journal takes the log's place: one line per call. */
  override async getJobLogs(id: string): Promise<string[]> {
    const job = await super.getJob(id);
    if (job === undefined) return [];
    const { run, problem } = await this.#find(job, true);
    if (problem !== undefined) return [`error: ${problem}`];
    return run === undefined ? [] : callLog(run, this.#reader);
  }

  /** The ids of the jobs in a state; a queue keeps no more of them. */
  async jobIds(status: JobStatus): Promise<string[]> {
    const jobs = await super.getJobs([status], 0, MOST_KEPT - 1);
    return jobs.flatMap((job) => job.id ?? []);
  }

  /**
   * Reopens the run of a job, as `run.retry()` does.
   *
   * @throws what `retryRun` throws; TypeError for a job that is not the job of a run of this queue.
   */
  async retryRun(jobId: string): Promise<void> {
    const runId = runIdOf(jobId);
    if (runId === undefined) throw new TypeError(`job ${jobId} belongs to no run`);
    const { reopen } = this.#runs;
    if (reopen === undefined) throw new TypeError("this board's store reopens no runs");
    const queue = this.#jobs;
    const known = await this.#runs.read(runId, { calls: false });
    if (known !== undefined && known.queue !== queue.name) {
      throw new TypeError(`run ${runId} belongs to queue "${known.queue}": retry it there`);
    }
    await retryRun(runId, false, {
      store: {
        read: (id, options) => this.#runs.read(id, options),
        reopen: reopen.bind(this.#runs),
      },
      codec: this.#reader.codec,
      clock: systemClock,
      queueOf: async () => queue,
    });
  }

  async #show(job: Job, onPage: boolean): Promise<Job> {
    const { run, problem } = await this.#find(job, onPage);
    if (run === undefined) return shownAs(job, this.#withoutRun(job, problem ?? ""));
    const view = onPage ? showRun(run, this.#reader, problem) : showRunInList(run, this.#reader);
    return shownAs(job, {
      name: view.title,
      data: view.data,
      // The output is part of the data; BullMQ holds no more than a word about it.
      returnvalue: undefined,
      attemptsMade: run.epoch,
      ...(view.failedReason === undefined
        ? {}
        : { failedReason: view.failedReason, stacktrace: [] }),
    });
  }

  /** A job without a readable run shows what BullMQ has, and says why that is all. */
  #withoutRun(job: Job, problem: string): Partial<JobJson> {
    const { redact } = this.#reader;
    const isHidden = redact(["job", "failedReason"]);
    return {
      name: plainText(`${job.name} · ${problem}`, 200),
      data: { problem, job: preview(job.data, ["job", "data"], redact, ON_PAGE) },
      stacktrace: [],
      ...(job.failedReason && isHidden ? { failedReason: "[redacted]" } : {}),
    };
  }

  async #find(job: Job, calls: boolean): Promise<Found> {
    const runId = readJobData(job.data)?.runId;
    if (runId === undefined) return { run: undefined, problem: "this job belongs to no run" };
    try {
      const run = await this.#runs.read(runId, { calls });
      if (run !== undefined) return { run, problem: undefined };
      const name = plainText(runId, 80);
      return { run, problem: `no run ${name} is stored: it expired, or was never created` };
    } catch (cause) {
      const problem = `unreadable: ${plainText(cause instanceof Error ? cause.message : "", 300)}`;
      // One bad call spoils the journal, not the rest of the run.
      const { run } = calls ? await this.#find(job, false) : { run: undefined };
      return { run, problem };
    }
  }
}

/** Of finished jobs, by the options every job is added with. */
const MOST_KEPT = 1000;

type Found =
  | { readonly run: RunSnapshot; readonly problem?: string | undefined }
  | { readonly run: undefined; readonly problem: string };

type JobJson = ReturnType<Job["toJSON"]>;

/** The very job, so that what acts on it still works; only what is shown of it is replaced. */
function shownAs(job: Job, shown: Partial<JobJson>): Job {
  const json = { ...job.toJSON(), ...shown };
  return Object.assign(job, { toJSON: () => json });
}
