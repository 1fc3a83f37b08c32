// Judges a demonstration from its evidence: pure, so that its tests can hand it every kind of disaster.
import type { Booking } from "../gateway/ledger.ts";
import type { Order } from "../order.ts";
import type { Outcome } from "../records.ts";
import type { Evidence } from "./evidence.ts";

/** The figures, which mean something while the demonstration runs, too. */
export interface Tally {
  readonly accepted: number;
  readonly settled: number;
  readonly declined: number;
  readonly bookings: number;
  /** Orders that were booked more than once. */
  readonly doubled: number;
  /** Orders that were neither booked nor declined. */
  readonly lost: number;
  readonly replayed: number;
  readonly reconciled: number;
  readonly unknown: number;
  readonly kills: number;
  readonly wallMs: number;
}

export interface Verdict {
  readonly tally: Tally;
  /** What is wrong, a sentence each. None: every order was booked exactly once, in spite of everything. */
  readonly problems: readonly string[];
}

const FEWEST_KILLS = 8;
const LONGEST_MS = 60_000;

export function judge(evidence: Evidence): Verdict {
  const tally = takeTally(evidence);
  return {
    tally,
    problems: [
      ...problemsOfIntake(evidence),
      ...problemsOfOrders(evidence),
      ...problemsOfMails(evidence),
      ...falseAlarms(evidence),
      ...problemsOfDemonstration(tally),
      ...evidence.accidents,
    ],
  };
}

export function takeTally(evidence: Evidence): Tally {
  const bookings = groupBy(evidence.bookings, ({ orderId }) => orderId);
  const outcomes = new Map(evidence.outcomes.map((outcome) => [outcome.orderId, outcome]));
  const { expected, events } = evidence;
  const heard = (name: string) => events.filter(({ event }) => event === name).length;
  return {
    accepted: evidence.intakes.filter(({ intake }) => intake === "accepted").length,
    settled: evidence.outcomes.filter(isSettled).length,
    declined: evidence.outcomes.filter(isDecline).length,
    bookings: evidence.bookings.length,
    doubled: expected.filter(({ id }) => (bookings.get(id)?.length ?? 0) > 1).length,
    lost: expected.filter(({ id }) => !bookings.has(id) && !isDecline(outcomes.get(id))).length,
    replayed: heard("call-replayed"),
    reconciled: heard("call-reconciled"),
    unknown: heard("outcome-unknown"),
    kills: evidence.kills,
    wallMs: evidence.wallMs,
  };
}

/** What the client accepted must be what the file holds: repeats and conflicts left out, nothing else. */
function problemsOfIntake({ expected, intakes }: Evidence): string[] {
  const accepted = intakes
    .filter(({ intake }) => intake === "accepted")
    .map((each) => each.orderId);
  const ids = new Set(accepted);
  const owed = new Set(expected.map(({ id }) => id));
  return [
    ...(ids.size < accepted.length ? ["an order id was accepted twice"] : []),
    ...[...owed].filter((id) => !ids.has(id)).map((id) => `${named(id)} was never accepted`),
    ...[...ids].filter((id) => !owed.has(id)).map((id) => `${named(id)} should not exist`),
  ];
}

function problemsOfOrders({ expected, badCards, outcomes, bookings }: Evidence): string[] {
  const outcomeOf = new Map(outcomes.map((outcome) => [outcome.orderId, outcome]));
  const bookingsOf = groupBy(bookings, ({ orderId }) => orderId);
  const owed = new Set(expected.map(({ id }) => id));
  return [
    ...expected.flatMap((order) =>
      problemsOfOrder(order, outcomeOf.get(order.id), bookingsOf.get(order.id) ?? []),
    ),
    ...outcomes
      .filter((outcome) => isDecline(outcome) && !badCards.has(outcome.orderId))
      .map(({ orderId }) => `${named(orderId)} was declined though its card is good`),
    ...[...bookingsOf.keys()]
      .filter((id) => !owed.has(id))
      .map((id) => `${named(id)} was booked though nobody had placed it`),
  ];
}

function problemsOfOrder(
  order: Order,
  outcome: Outcome | undefined,
  bookings: readonly Booking[],
): string[] {
  const problems: string[] = [];
  const say = (what: string) => problems.push(`${named(order.id)} ${what}`);
  const [booking, ...more] = bookings;
  if (more.length > 0) say(`was booked ${bookings.length} times`);
  if (bookings.some(({ cents }) => cents !== order.cents)) say("was booked with another amount");

  if (outcome === undefined || !isSettled(outcome)) say("is not settled");
  else if (isDecline(outcome)) {
    if (booking !== undefined) say("was declined and booked all the same");
  } else if (outcome.paymentId === undefined) say(`failed: ${outcome.error ?? outcome.status}`);
  else if (booking === undefined) say("has a receipt and no booking");
  else if (booking.id !== outcome.paymentId) say("has a receipt for another payment");
  return problems;
}

/** A mail may be sent twice. Then both must carry one key, by which the provider knows them for one mail. */
function problemsOfMails({ expected, outcomes, mails }: Evidence): string[] {
  const mailsOf = groupBy(mails, ({ orderId }) => orderId);
  const fulfilled = new Set(outcomes.filter((each) => each.paymentId).map((each) => each.orderId));
  return expected.flatMap(({ id }) => {
    const keys = new Set(mailsOf.get(id)?.map((mail) => mail.idempotencyKey));
    if (keys.size > 1) return [`${named(id)} was mailed under ${keys.size} keys`];
    if (keys.size === 0 && fulfilled.has(id)) return [`${named(id)} was never mailed`];
    return [];
  });
}

/** What is only ever told of an action that is not written as it should be; this one is. */
const ALARMS: ReadonlySet<string> = new Set(["diverged", "handle-unused", "non-durable-wait"]);

function falseAlarms({ events }: Evidence): string[] {
  return events
    .filter(({ event }) => ALARMS.has(event))
    .map(({ event, runId }) => `${named(runId)} raised a false alarm: ${event}`);
}

/** A demonstration that nothing went wrong in shows nothing. */
function problemsOfDemonstration(tally: Tally): string[] {
  const { kills, replayed, reconciled, unknown, wallMs } = tally;
  return [
    ...(kills < FEWEST_KILLS ? [`only ${kills} of ${FEWEST_KILLS} kills hit a live worker`] : []),
    ...(replayed === 0 ? ["no call was ever replayed"] : []),
    ...(reconciled === 0 ? ["no call was ever reconciled"] : []),
    ...(unknown === 0 ? ["no outcome was ever unknown"] : []),
    ...(wallMs > LONGEST_MS ? [`it took ${Math.round(wallMs / 1000)} s`] : []),
  ];
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function isSettled({ status }: Outcome): boolean {
  return status === "SUCCEEDED" || status === "FAILED";
}

function isDecline(outcome: Outcome | undefined): boolean {
  return outcome?.status === "FAILED" && outcome.error === "CardDeclined";
}

function named(orderId: string): string {
  return `order ${JSON.stringify(orderId)}`;
}
