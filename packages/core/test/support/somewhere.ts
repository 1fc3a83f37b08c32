import { type Place, placeInRun } from "@refrain/core";

/** A place, where any will do. */
export const somewhere: Place = placeInRun("error", { action: "act", runId: "run-1" });
