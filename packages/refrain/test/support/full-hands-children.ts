import type { EffectLedger } from "@refrain/testkit";
import { Child } from "./child.ts";
import type { Harness } from "./harness.ts";

/** Worker processes of one test file that have their hands full. They end with their test. */
export class FullHandsChildren {
  readonly #harness: Harness;

  constructor(harness: Harness) {
    this.#harness = harness;
  }

  start(ledger: EffectLedger, env: Readonly<Record<string, string>> = {}): Child {
    const { server, namespace } = this.#harness;
    const own = { REDIS: server.url, NAMESPACE: namespace, LEDGER: ledger.path };
    const child = new Child(new URL("./full-hands-worker.ts", import.meta.url), {
      ...own,
      ...env,
    });
    this.#harness.defer(async () => child.kill("SIGKILL"));
    return child;
  }
}
