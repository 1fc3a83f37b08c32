import { randomUUID } from "node:crypto";
import { prepareInput } from "../calls/input.ts";
import { type ErrorClasses, reviveError } from "../decisions/error-payload.ts";
import {
  type Action,
  type ActionDefinition,
  type ActionImplementation,
  definitionOf,
  type Implementation,
  implementationOf,
} from "../ports/action.ts";
import type { ActionStateStore, RunOutcome } from "../ports/store.ts";
import { MemoryStore } from "../stores/memory-store.ts";
import { defaultLimits } from "../words/limits.ts";
import { msgpackCodec } from "../words/msgpack-codec.ts";
import { newNonce } from "../words/nonce.ts";
import { checkOptions } from "../words/options.ts";
import { placeInRun } from "../words/place.ts";
import { runAction } from "./run-action.ts";

/**
 * Runs actions in this process, for scripts and for tests of an action's logic: same context, same codec, no durability.
 * Reconcilers are accepted and ignored: no earlier attempt can have started anything.
 *
 * @example
 * const receipt = await new LocalRunner({ actions: [orders] }).run(placeOrder, order);
 */
export class LocalRunner {
  readonly #implementations: ReadonlyMap<string, Implementation>;

  /** @throws TypeError when two implementations have one action name. */
  constructor(options: { readonly actions: readonly Implementation[] }) {
    checkOptions("LocalRunner", options, ["actions"]);
    const byName = new Map(options.actions.map((each) => [each.name, each]));
    if (byName.size < options.actions.length) {
      throw new TypeError("LocalRunner: two implementations have the same action name");
    }
    this.#implementations = byName;
  }

  /** Resolves with the action's output; rejects with its error, or when the action has no implementation here. */
  async run<I, O, P>(action: Action<I, O, P>, input: NoInfer<I>): Promise<O> {
    const found = this.#implementations.get(action.name);
    if (found === undefined) {
      throw new TypeError(`LocalRunner: action "${action.name}" has no implementation here`);
    }
    const implementation = implementationOf(found);
    const { errors } = implementation.definition;
    const runId = randomUUID();
    const store = new MemoryStore();
    await createRun(store, runId, definitionOf(action), input);
    const delivery = { runId, action: action.name, queue: action.queue, nonce: newNonce() };
    const reply = await store.claim({
      ...delivery,
      jobTimestamp: 0,
      attemptsStarted: 1,
      incarnation: 0,
    });
    if (reply.kind !== "claimed") throw new Error(`a fresh run answered "${reply.kind}"`);
    const { claim, run } = reply;
    const options = { implementation: keptForEver(implementation), ignoreReconcilers: true };
    const end = await runAction({ claim, run, ...options }).done;
    if (end.kind === "lost" || end.kind === "broken") throw end.error;
    const outcome = (await store.read(runId))?.outcome;
    if (outcome === undefined)
      throw new Error(`the attempt ended "${end.kind}" without an outcome`);
    return outputOf({ action: action.name, runId }, outcome, errors) as O;
  }
}

/** The store goes with the run, so the retention must not take the outcome before it is read. */
function keptForEver(implementation: ActionImplementation): ActionImplementation {
  const [succeededMs, failedMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  return { ...implementation, retention: { succeededMs, failedMs } };
}

async function createRun(
  store: ActionStateStore,
  runId: string,
  definition: ActionDefinition,
  input: unknown,
): Promise<void> {
  const { name, queue, version } = definition;
  const options = { runId, codec: msgpackCodec, limits: defaultLimits };
  const { bytes, digest } = await prepareInput(definition, input, options);
  const run = { runId, action: name, queue, version, input: bytes, inputDigest: digest };
  await store.create({ ...run, requestId: newNonce() });
}

function outputOf(
  run: { readonly action: string; readonly runId: string },
  { status, payload }: RunOutcome,
  errors: ErrorClasses,
): unknown {
  if (status === "SUCCEEDED") return msgpackCodec.decode(payload);
  throw reviveError(payload, msgpackCodec, placeInRun("error", run), errors);
}
