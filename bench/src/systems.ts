import type { SystemName } from "./contenders.ts";
import { naive1, naive2 } from "./naive.ts";
import { raw } from "./raw.ts";
import { refrain } from "./refrain.ts";
import { storeAlone } from "./store-alone.ts";
import type { System } from "./system.ts";

export const systems: Readonly<Record<SystemName, System>> = {
  raw,
  naive1,
  naive2,
  store: storeAlone,
  refrain,
};
