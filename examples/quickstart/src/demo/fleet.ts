import { type Child, describeEnd, type Ended, stopChild } from "./child.ts";

/** A fixed number of workers. One that dies is replaced at once by a new process. */
export class Fleet {
  readonly #start: (serial: number) => Child;
  readonly #ready: (Child | undefined)[] = [];
  readonly #all = new Set<Child>();
  readonly #killed = new Set<Child>();
  readonly #accidents: string[] = [];
  #started = 0;
  #isClosing = false;

  private constructor(start: (serial: number) => Child) {
    this.#start = start;
  }

  /** Resolves when all workers are ready. */
  static async start(size: number, start: (serial: number) => Child): Promise<Fleet> {
    const fleet = new Fleet(start);
    await Promise.all(Array.from({ length: size }, (_, slot) => fleet.#fill(slot)));
    return fleet;
  }

  /** Workers that ended though nobody had killed them: a bug, whatever else went well. */
  get accidents(): readonly string[] {
    return this.#accidents;
  }

  /**
   * Kills one of the workers that are ready, in the middle of whatever it does, but never the last one: the shop stays
   * open. Resolves to the victim once it is dead; to undefined when there was none, or it had just ended otherwise.
   */
  async kill(pick: number): Promise<Child | undefined> {
    const ready = this.#ready.filter((worker) => worker !== undefined);
    const victim = ready[Math.floor(pick * ready.length)];
    if (victim === undefined || ready.length === 1) return undefined;
    this.#killed.add(victim);
    victim.signal("SIGKILL");
    const { signal } = await victim.ended;
    return signal === "SIGKILL" ? victim : undefined;
  }

  /** Lets every worker bring its orders to a safe point and leave. */
  async close(patienceMs: number): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#all].map((worker) => stopChild(worker, patienceMs)));
  }

  async #fill(slot: number): Promise<void> {
    const worker = this.#start(++this.#started);
    this.#all.add(worker);
    void worker.ended.then((end) => this.#replace(slot, worker, end));
    await worker.started;
    this.#ready[slot] = worker;
  }

  #replace(slot: number, worker: Child, end: Ended): void {
    this.#all.delete(worker);
    const wasReady = this.#ready[slot] === worker;
    this.#ready[slot] = undefined;
    // One that cannot even start would not do better the next time.
    if (this.#isClosing || !wasReady) return;
    if (!this.#killed.has(worker)) this.#accidents.push(describeEnd(worker, end));
    this.#fill(slot).catch((error: Error) => this.#accidents.push(error.message));
  }
}
