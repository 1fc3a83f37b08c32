import type { SystemName } from "./contenders.ts";
import { naive1, naive2 } from "./naive.ts";
import { raw } from "./raw.ts";
import { refrain } from "./refrain.ts";
import type { System } from "./system.ts";

export const systems: Readonly<Record<SystemName, System>> = { raw, naive1, naive2, refrain };
