import { chance } from "../chance.ts";

/** What the gateway does with one request to charge a card. */
export type ChargePlan =
  /** 402: the bank says no, nothing is booked. */
  | { readonly kind: "decline"; readonly delayMs: number }
  /** 503 at the door: nothing is booked. */
  | { readonly kind: "refuse"; readonly delayMs: number }
  /** Booked. Whether the caller learns of it is another matter. */
  | { readonly kind: "book"; readonly reply: ChargeReply; readonly delayMs: number };

/** `error`: 500 after booking. `cut`: the connection breaks. `hang`: no reply until the caller gives up. */
type ChargeReply = "answer" | "error" | "cut" | "hang";

export interface LookupPlan {
  readonly isDown: boolean;
  readonly delayMs: number;
}

const DECLINED = 0.05;
const REFUSED = 0.08;
const LOOKUP_DOWN = 0.2;
const REPLIES = [
  ["error", 0.08],
  ["cut", 0.07],
  ["hang", 0.02],
] as const satisfies readonly (readonly [ChargeReply, number])[];

/**
 * Plans the n-th request to charge an order: from the seed, the order and n alone, so that a seed repeats its faults
 * however the requests of different orders interleave. Without a seed the gateway has no faults.
 */
export function planCharge(seed: number | undefined, orderId: string, nth: number): ChargePlan {
  if (seed === undefined) return { kind: "book", reply: "answer", delayMs: 50 };
  const delayMs = 80 + Math.floor(400 * chance(seed, "charge latency", orderId, nth));
  if (isDeclined(seed, orderId)) return { kind: "decline", delayMs };
  if (chance(seed, "refused", orderId, nth) < REFUSED) return { kind: "refuse", delayMs };
  return { kind: "book", reply: planReply(chance(seed, "reply", orderId, nth)), delayMs };
}

/** A bank that has said no says no each time: depends on the order, not on the request. */
export function isDeclined(seed: number | undefined, orderId: string): boolean {
  return seed !== undefined && chance(seed, "declined", orderId) < DECLINED;
}

/** Plans the n-th question about an order. */
export function planLookup(seed: number | undefined, orderId: string, nth: number): LookupPlan {
  if (seed === undefined) return { isDown: false, delayMs: 10 };
  return {
    isDown: chance(seed, "lookup", orderId, nth) < LOOKUP_DOWN,
    delayMs: 20 + Math.floor(80 * chance(seed, "lookup latency", orderId, nth)),
  };
}

function planReply(roll: number): ChargeReply {
  let bound = 0;
  for (const [reply, share] of REPLIES) {
    bound += share;
    if (roll < bound) return reply;
  }
  return "answer";
}
