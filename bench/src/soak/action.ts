import { type Action, defineAction } from "refrain";

/** How many calls a run of the soak makes: even slots are plain, odd ones reconcilable. */
export const CALLS = 6;

export const soakAction: Action<string, number> = defineAction<string, number>({ name: "soak" });

/** How long a settled run stays: short, so that what the soak piles up is what leaks. */
export const RETENTION_MS = 20_000;
