import { randomBytes } from "node:crypto";
import type {
  ActionStateStore,
  Claim,
  ClaimedRun,
  CommitPort,
  Delivery,
  NewRun,
  RunSnapshot,
} from "@refrain/core";

/** A store of its own for one test: nothing of another test is in it. */
export interface StoreUnderTest {
  readonly store: ActionStateStore;
  /** Closes the store and whatever was opened for it. */
  close(): Promise<void>;
  /** Keys that will never expire although no live run needs them; for stores that can tell. */
  keysWithoutTtl?(): Promise<readonly string[]>;
}

export type CreateStore = (options: {
  /** To be put around the store's own port. */
  readonly wrapPort: (port: CommitPort) => CommitPort;
}) => StoreUnderTest | Promise<StoreUnderTest>;

/** What every test of the suite starts from. */
export class StoreTest {
  readonly store: ActionStateStore;
  /** The store's port with the test's decorators, to send groups by hand. */
  readonly port: CommitPort;
  readonly #deliveries = new Map<string, number>();

  constructor(store: ActionStateStore, port: CommitPort) {
    this.store = store;
    this.port = port;
  }

  /** A run nobody asked for yet. */
  newRun(overrides: Partial<NewRun> = {}): NewRun {
    return {
      runId: `run-${randomId()}`,
      action: "place-order",
      version: "v1",
      queue: "default",
      input: Buffer.from("input"),
      inputDigest: "digest",
      requestId: randomId(),
      ...overrides,
    };
  }

  /** A run that was created. */
  async created(overrides: Partial<NewRun> = {}): Promise<NewRun> {
    const run = this.newRun(overrides);
    const { kind } = await this.store.create(run);
    if (kind !== "created") throw new Error(`the new run was answered with "${kind}"`);
    return run;
  }

  /** The next delivery of a run's job, as a queue hands it out. */
  delivery(run: NewRun, overrides: Partial<Delivery> = {}): Delivery {
    const attemptsStarted = (this.#deliveries.get(run.runId) ?? 0) + 1;
    this.#deliveries.set(run.runId, attemptsStarted);
    return {
      runId: run.runId,
      action: run.action,
      queue: run.queue,
      nonce: randomId(),
      jobTimestamp: 1_900_000_000_000,
      attemptsStarted,
      incarnation: 0,
      ...overrides,
    };
  }

  /** Claims a run, by its next delivery unless another is given. */
  async claimed(
    run: NewRun,
    overrides: Partial<Delivery> = {},
  ): Promise<{ claim: Claim; run: ClaimedRun; delivery: Delivery }> {
    const delivery = this.delivery(run, overrides);
    const reply = await this.store.claim(delivery);
    if (reply.kind !== "claimed") throw new Error(`the claim was answered with "${reply.kind}"`);
    return { claim: reply.claim, run: reply.run, delivery };
  }

  /** A run as it stands; it must be there. */
  async read(runId: string): Promise<RunSnapshot> {
    const run = await this.store.read(runId);
    if (run === undefined) throw new Error(`run ${runId} is not there`);
    return run;
  }
}

/** The suite's tests of one topic: each title with its test. */
export type StoreTests = Readonly<Record<string, (test: StoreTest) => Promise<void>>>;

export function randomId(): string {
  return randomBytes(12).toString("hex");
}
