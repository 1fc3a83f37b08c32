// Stands in for a warehouse: slow, and the same question gets the same answer.
import { createHash } from "node:crypto";
import { setTimeout as elapse } from "node:timers/promises";

/** Reserves one piece; resolves to the bin it lies in. */
export async function reserveBin(sku: string): Promise<number> {
  await elapse(120 + (digest(sku) % 180));
  return 1 + (digest(sku) % 40);
}

/** Prints a parcel label; resolves to its number. */
export async function labelFor(orderId: string, customer: string): Promise<string> {
  await elapse(120 + (digest(customer) % 180));
  return `L-${digest(orderId).toString(36)}`;
}

function digest(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE();
}
