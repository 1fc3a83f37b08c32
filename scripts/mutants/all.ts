import { engine } from "./engine.ts";
import { growth } from "./growth.ts";
import type { Mutant } from "./mutant.ts";
import { store } from "./store.ts";
import { deliveries } from "./worker.ts";

/** Every mutant by its name. */
export const mutants: ReadonlyMap<string, Mutant> = new Map(
  Object.entries({ ...engine, ...store, ...growth, ...deliveries }),
);
