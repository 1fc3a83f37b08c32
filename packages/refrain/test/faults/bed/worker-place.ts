import path from "node:path";
import { FaultProxy } from "@refrain/testkit";
import { Child, type Exit } from "../../support/child.ts";
import type { BedWorkerSettings } from "./bed-worker.ts";

export type PlaceSettings = Omit<BedWorkerSettings, "url" | "by" | "version" | "log"> & {
  readonly dir: string;
};

/** Where one worker process after the other works; of a single server, each behind the same proxy. */
export class WorkerPlace {
  readonly proxy: FaultProxy | undefined;
  readonly #index: number;
  readonly #settings: PlaceSettings;
  #child: Child | undefined;
  #count = 0;
  #isStopped = false;

  private constructor(proxy: FaultProxy | undefined, index: number, settings: PlaceSettings) {
    this.proxy = proxy;
    this.#index = index;
    this.#settings = settings;
  }

  static async open(
    index: number,
    port: number | undefined,
    settings: PlaceSettings,
  ): Promise<WorkerPlace> {
    const proxy = port === undefined ? undefined : await FaultProxy.start({ port });
    return new WorkerPlace(proxy, index, settings);
  }

  /** Who works here now, as the ledger calls it. */
  get by(): string {
    return `w${this.#index}.${this.#count}`;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Starts the next process, unless one works here. */
  start(version: string): void {
    if (this.#child !== undefined) return;
    this.#count += 1;
    this.#isStopped = false;
    const { dir, ...settings } = this.#settings;
    const log = path.join(dir, `${this.by}.log`);
    const all: BedWorkerSettings = { ...settings, url: this.proxy?.url, by: this.by, version, log };
    this.#child = new Child(new URL("./bed-worker.ts", import.meta.url), {
      BED_WORKER: JSON.stringify(all),
    });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    child?.kill("SIGKILL");
    await child?.exited;
  }

  /** Ends it as a deployment does. A process that does not end by itself is killed. */
  async close(withinMs: number): Promise<Exit | undefined> {
    const child = this.#child;
    if (child === undefined) return undefined;
    this.#child = undefined;
    const patience = setTimeout(() => child.kill("SIGKILL"), withinMs);
    child.kill("SIGTERM");
    const exit = await child.exited;
    clearTimeout(patience);
    return exit;
  }

  stop(): void {
    this.#isStopped = true;
    this.#child?.kill("SIGSTOP");
  }

  wake(): void {
    this.#isStopped = false;
    this.#child?.kill("SIGCONT");
  }

  async end(): Promise<void> {
    await this.kill();
    await this.proxy?.close();
  }
}
