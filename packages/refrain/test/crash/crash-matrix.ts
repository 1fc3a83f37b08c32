import { EffectLedger, type LedgerEvent } from "@refrain/testkit";
import type { Client } from "refrain";
import { Child } from "../support/child.ts";
import { crashActionOf } from "./crash-action.ts";
import type { CrashWorkerAction, CrashWorkerSettings } from "./crash-worker.ts";
import type { Scenario } from "./scenarios.ts";

export interface CrashMatrixOptions {
  readonly url: string;
  readonly client: Client;
  readonly namespace: string;
  /** Processes at once. */
  readonly lanes: number;
}

const PATIENCE_MS = 60_000;

/** Runs scenarios, each a run of its own that kills processes of its own, and lets others end what is left. */
export class CrashMatrix {
  readonly #options: CrashMatrixOptions;
  readonly #ledger = new EffectLedger();
  readonly #children: Child[] = [];
  readonly #events = new Map<string, LedgerEvent[]>();
  readonly #outputs = new Map<string, string>();
  readonly #queues = new Map<string, string>();
  readonly #ends = new Map<string, string[]>();

  constructor(options: CrashMatrixOptions) {
    this.#options = options;
  }

  async run(scenarios: readonly Scenario[]): Promise<void> {
    const { client, lanes } = this.#options;
    for (const { name } of scenarios) this.#queues.set(name, `q${this.#queues.size}`);
    const runs = scenarios.map(({ name }) => ({
      action: crashActionOf(this.#queueOf(name)),
      input: null,
      runId: name,
    }));
    await client.enqueueMany(runs);
    // Those that wait for a dead worker's lock in between begin first.
    const left = scenarios.toSorted((a, b) => b.victims.length - a.victims.length);
    const lane = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) await this.#kill(next);
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    this.#start({ actions: scenarios.map((scenario) => this.#actionOf(scenario)) }, "");
    for (const { name } of scenarios) {
      const result = client.run(name).result({ timeoutMs: PATIENCE_MS });
      this.#outputs.set(name, await result.then(String, String));
    }
    for (const event of this.#ledger.read()) {
      this.#events.set(event.key, [...(this.#events.get(event.key) ?? []), event]);
    }
  }

  /** How the processes that were to die ended, in words. */
  ends(name: string): readonly string[] {
    return this.#ends.get(name) ?? [];
  }

  output(name: string): string {
    return this.#outputs.get(name) ?? "";
  }

  eventsOf(name: string): readonly LedgerEvent[] {
    return this.#events.get(name) ?? [];
  }

  stop(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    this.#ledger.close();
  }

  async #kill(scenario: Scenario): Promise<void> {
    const ends: string[] = [];
    this.#ends.set(scenario.name, ends);
    for (const { at, renamed, closeDuring } of scenario.victims) {
      const action = { ...this.#actionOf(scenario), renamed };
      const victim = this.#start({ actions: [action], closeDuring }, at);
      const tooLate = setTimeout(() => victim.kill("SIGTERM"), PATIENCE_MS);
      const { signal, output } = await victim.exited;
      clearTimeout(tooLate);
      ends.push(signal === "SIGKILL" ? `struck at ${at}` : `${at} was not reached: ${output}`);
    }
  }

  #start(settings: Pick<CrashWorkerSettings, "actions" | "closeDuring">, at: string): Child {
    const { url, namespace } = this.#options;
    const all: CrashWorkerSettings = { url, namespace, ledger: this.#ledger.path, ...settings };
    const env = { CRASH_WORKER: JSON.stringify(all), REFRAIN_CRASH_AT: at };
    const child = new Child(new URL("./crash-worker.ts", import.meta.url), env);
    this.#children.push(child);
    return child;
  }

  #actionOf({ name, program, renamed }: Scenario): CrashWorkerAction {
    return { name: this.#queueOf(name), program, renamed };
  }

  /** Every scenario has a queue of its own, so that who is to die over it takes no other's run. */
  #queueOf(name: string): string {
    return this.#queues.get(name) ?? "";
  }
}
