import type { EffectLedger } from "@refrain/testkit";
import { afterAll, beforeAll } from "vitest";
import { type Bundle, bundle } from "./bundle.ts";
import { Child } from "./child.ts";
import type { Harness } from "./harness.ts";

/** Worker processes of one test file that have their hands full. They end with their test. */
export class FullHandsChildren {
  readonly #harness: Harness;
  #module: Bundle | undefined;

  constructor(harness: Harness) {
    this.#harness = harness;
    beforeAll(async () => {
      this.#module = await bundle(new URL("./full-hands-worker.ts", import.meta.url));
    });
    afterAll(() => this.#module?.delete());
  }

  start(ledger: EffectLedger, env: Readonly<Record<string, string>> = {}): Child {
    if (this.#module === undefined) throw new Error("the worker is bundled with the first test");
    const { server, namespace } = this.#harness;
    const own = { REDIS: server.url, NAMESPACE: namespace, LEDGER: ledger.path };
    const child = new Child(this.#module.url, { ...own, ...env });
    this.#harness.defer(async () => child.kill("SIGKILL"));
    return child;
  }
}
