import { type CommitPort, type Group, type GroupReply, needsRoom } from "@refrain/core";

/** A store whose memory can be full: it then refuses whole batches, unless nothing in them needs room. */
export class FullPort implements CommitPort {
  isFull = false;
  /** Batches refused so far. A test whose store was never asked while full proves nothing. */
  refusals = 0;
  readonly #port: CommitPort;

  constructor(port: CommitPort) {
    this.#port = port;
  }

  async send(batch: readonly Group[]): Promise<readonly GroupReply[]> {
    if (!this.isFull || !batch.some(needsRoom)) return this.#port.send(batch);
    this.refusals += 1;
    return batch.map(() => ({ word: "full" }));
  }
}
