import { AppendLog, readLog } from "../append-log.ts";

export interface Booking {
  readonly id: string;
  readonly orderId: string;
  readonly cents: number;
  readonly idempotencyKey: string;
}

/** The gateway's book: a file that only grows. Every booking is on the disk before its caller can hear of it. */
export class Ledger {
  readonly #log: AppendLog;
  readonly #firstOf = new Map<string, Booking>();
  #count = 0;

  constructor(path: string) {
    for (const booking of readLog<Booking>(path)) this.#remember(booking);
    this.#log = new AppendLog(path);
  }

  /** Books, and never asks whether it has done so before. */
  book(entry: Omit<Booking, "id">): Booking {
    const booking = { id: `ch_${String(this.#count + 1).padStart(6, "0")}`, ...entry };
    this.#log.appendDurably(booking);
    this.#remember(booking);
    return booking;
  }

  find(orderId: string): Booking | undefined {
    return this.#firstOf.get(orderId);
  }

  #remember(booking: Booking): void {
    this.#count++;
    if (!this.#firstOf.has(booking.orderId)) this.#firstOf.set(booking.orderId, booking);
  }
}
