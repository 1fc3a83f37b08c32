import {
  type Attempt,
  type AttemptEvent,
  type Clock,
  type Codec,
  type CommitPort,
  defaultLimits,
  definitionOf,
  type Implementation,
  implementationOf,
  type Limits,
  MemoryStore,
  msgpackCodec,
  newNonce,
  placeInRun,
  planReopen,
  prepareInput,
  type RunActionOptions,
  runAction,
} from "@refrain/core";

/** One run of one action on a MemoryStore, attempt after attempt. */
export class Drive {
  readonly store: MemoryStore;
  readonly events: AttemptEvent[] = [];
  readonly #options: { readonly clock?: Clock; readonly limits?: Limits; readonly codec?: Codec };
  #delivery = 0;

  constructor(
    options: {
      readonly clock?: Clock;
      readonly limits?: Limits;
      readonly codec?: Codec;
      readonly wrapPort?: (port: CommitPort) => CommitPort;
    } = {},
  ) {
    this.#options = options;
    this.store = new MemoryStore(options);
  }

  async create(action: object, input: unknown = null): Promise<void> {
    const definition = definitionOf(action);
    const options = { runId: "run-1", codec: this.#codec, limits: defaultLimits };
    const { bytes, digest } = await prepareInput(definition, input, options);
    const { name, queue, version } = definition;
    const run = { runId: "run-1", action: name, queue, version, input: bytes, inputDigest: digest };
    await this.store.create({ ...run, requestId: newNonce() });
  }

  /** Delivers the run once more and starts an attempt at it. */
  async attempt(
    implementation: Implementation,
    options: Partial<RunActionOptions> = {},
  ): Promise<Attempt> {
    const { definition } = implementationOf(implementation);
    this.#delivery += 1;
    const reply = await this.store.claim({
      runId: "run-1",
      action: definition.name,
      queue: definition.queue,
      nonce: newNonce(),
      jobTimestamp: 1,
      attemptsStarted: this.#delivery,
      incarnation: 0,
    });
    if (reply.kind !== "claimed") throw new Error(`the claim was answered "${reply.kind}"`);
    const { claim, run } = reply;
    return runAction({
      claim,
      run,
      implementation: implementationOf(implementation),
      observer: (event) => this.events.push(event),
      ...this.#options,
      ...options,
    });
  }

  /** Reopens the run as a person does who wants it retried. */
  async retry(force = false): Promise<void> {
    const run = await this.store.read("run-1");
    if (run === undefined) throw new Error("the run is not there");
    const plan = planReopen(run, msgpackCodec, force);
    if (plan.kind !== "reopen") throw new Error(`the run cannot be reopened: ${plan.kind}`);
    const { call, reopened } = plan;
    const { runId, v } = run;
    await this.store.reopen({ runId, requestId: newNonce(), v, call, reopened });
  }

  eventTypes(): string[] {
    return this.events.map((event) => event.type);
  }

  /** The decoded outcome: the output, or the error's stored form. */
  async outcome(): Promise<unknown> {
    const run = await this.store.read("run-1");
    if (run?.outcome === undefined) return undefined;
    const { status, payload } = run.outcome;
    return this.#codec.decode(
      payload,
      placeInRun(status === "SUCCEEDED" ? "output" : "error", run),
    );
  }

  get #codec(): Codec {
    return this.#options.codec ?? msgpackCodec;
  }
}
