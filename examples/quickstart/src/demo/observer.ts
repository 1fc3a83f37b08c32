import { isDeclined } from "../gateway/faults.ts";
import { distinctOrders, type OrderFile } from "../order-file.ts";
import { type Evidence, readEvidence } from "./evidence.ts";
import type { Fleet } from "./fleet.ts";
import type { Stage } from "./processes.ts";

/** Keeps the time and the kills of a demonstration, and reads what its processes write. */
export class Observer {
  readonly #stage: Stage;
  readonly #fleet: Fleet;
  readonly #expected: Evidence["expected"];
  readonly #badCards: Evidence["badCards"];
  readonly #accidents: string[] = [];
  #kills = 0;
  #firstOrderAt = 0;
  #endedAt: number | undefined;

  constructor(stage: Stage, fleet: Fleet, file: OrderFile) {
    this.#stage = stage;
    this.#fleet = fleet;
    this.#expected = distinctOrders(file.lines);
    const ids = this.#expected.map(({ id }) => id);
    this.#badCards = new Set(ids.filter((id) => isDeclined(stage.options.seed, id)));
  }

  /** Starts the clock. */
  ordersBegan(): void {
    this.#firstOrderAt = performance.now();
  }

  /** Stops it. */
  ordersEnded(): void {
    this.#endedAt = performance.now();
  }

  killed(): void {
    this.#kills++;
  }

  accident(description: string): void {
    this.#accidents.push(description);
  }

  evidence(): Evidence {
    return {
      ...readEvidence(this.#stage.evidenceDir),
      expected: this.#expected,
      badCards: this.#badCards,
      kills: this.#kills,
      accidents: [...this.#accidents, ...this.#fleet.accidents],
      wallMs: (this.#endedAt ?? performance.now()) - this.#firstOrderAt,
    };
  }
}
