import type { CommitPort, Group, GroupReply, JournalEntry } from "@refrain/core";

export type RecordedOp = JournalEntry["op"];

/** Remembers the writes that took effect, run by run, in order. */
export class RecordingPort implements CommitPort {
  readonly #port: CommitPort;
  readonly #entries = new Map<string, JournalEntry[]>();
  /** How many batches went out. */
  batches = 0;

  constructor(port: CommitPort) {
    this.#port = port;
  }

  async send(batch: readonly Group[]): Promise<readonly GroupReply[]> {
    this.batches += 1;
    const replies = await this.#port.send(batch);
    for (const [index, group] of batch.entries()) {
      if (group.kind !== "write" || replies[index]?.word !== "applied") continue;
      const entries = this.#entries.get(group.runId) ?? [];
      this.#entries.set(group.runId, [...entries, ...group.entries]);
    }
    return replies;
  }

  entries(runId: string): readonly JournalEntry[] {
    return this.#entries.get(runId) ?? [];
  }

  /** The words of a run's writes. */
  ops(runId: string): RecordedOp[] {
    return this.entries(runId).map((entry) => entry.op);
  }

  /** Forgets a run's writes so far: what a test did to set the stage. */
  forget(runId: string): void {
    this.#entries.delete(runId);
  }
}
