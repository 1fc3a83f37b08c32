import type { ActionImplementation } from "../ports/action.ts";
import type { AttemptObserver } from "../ports/attempt.ts";
import type { Done } from "../words/when-done.ts";
import type { AttemptCalls, CallUnderWay } from "./attempt-calls.ts";
import type { Journal } from "./journal.ts";
import { judgeDivergence } from "./judge-divergence.ts";

export interface LastCallsOptions {
  readonly runId: string;
  readonly calls: AttemptCalls;
  readonly journal: Journal;
  readonly implementation: ActionImplementation;
  readonly observe: AttemptObserver;
}

/** What becomes of the calls that an action leaves behind when it ends. */
export class LastCalls {
  readonly #options: LastCallsOptions;

  constructor(options: LastCallsOptions) {
    this.#options = options;
  }

  /** Whether a call is under way that nothing ever awaited: it is waited for. */
  get areFloating(): boolean {
    return [...this.#options.calls.inFlight].some((call) => !call.promise.isAwaited);
  }

  /** An action that ends without asking for what its journal holds has diverged too: then this is not how it ends. */
  judge(ending: Done): Done {
    const { runId, journal, implementation, observe } = this.#options;
    const [first, ...others] = journal.unasked();
    if (first === undefined) return ending;
    const { event, error } = judgeDivergence({
      runId,
      policy: implementation.onDivergence,
      clears: journal.clears,
      dropped: [first, ...others],
      found: undefined,
      hasThrown: ending.kind === "threw",
    });
    observe(event);
    return error === undefined ? ending : { kind: "threw", error };
  }

  /** Lets go of what something awaited, a race's losers; what nothing awaited goes on, and is said. */
  letGo(reason: unknown): void {
    const { calls, observe } = this.#options;
    for (const { identity } of calls.takeUnused()) {
      observe({ type: "handle-unused", functionId: identity.functionId });
    }
    for (const call of calls.failedUnseen) {
      this.#warnNotAwaited(
        call,
        "failed, which its record says in full. The run goes on without it",
      );
    }
    for (const call of calls.inFlight) {
      if (call.promise.isAwaited) calls.abandon(call, reason);
      else this.#warnNotAwaited(call, "was still under way: it is waited for and recorded");
    }
  }

  /** Lets go of everything: the run fails while its action still runs, and nobody can say what it would have awaited. */
  letGoOfAll(reason: unknown): void {
    const { calls } = this.#options;
    for (const call of calls.inFlight) calls.abandon(call, reason);
  }

  #warnNotAwaited({ planned: { slot, functionId } }: CallUnderWay, what: string): void {
    const { observe, runId } = this.#options;
    observe({
      type: "warning",
      code: "call-not-awaited",
      slot,
      functionId,
      message: `run ${runId}, slot ${slot}: nothing awaited ${functionId} before the action ended, and it ${what}. Await every durable call`,
    });
  }
}
