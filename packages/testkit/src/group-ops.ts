import type { Group } from "@refrain/core";

/** What a group asks for: "claim", or the word of each of its writes. */
export function opsOf(group: Group): string[] {
  return group.kind === "claim" ? ["claim"] : group.entries.map((entry) => entry.op);
}
