import { setImmediate as turn } from "node:timers/promises";
import {
  type Claim,
  CommitQueue,
  type Delivery,
  type Group,
  type GroupReply,
  systemClock,
} from "@refrain/core";
import { expect, test } from "vitest";

const delivery = { action: "act", queue: "default", jobTimestamp: 1 };

function deliveryOf(runId: string): Delivery {
  return { ...delivery, runId, nonce: `n-${runId}`, attemptsStarted: 1, incarnation: 0 };
}

/** A port whose batches stay under way until they are answered. */
class HeldPort {
  readonly underWay: { readonly groups: readonly Group[]; readonly answer: () => void }[] = [];

  send(groups: readonly Group[]): Promise<readonly GroupReply[]> {
    return new Promise((resolve) => {
      this.underWay.push({ groups, answer: () => resolve(groups.map(replyTo)) });
    });
  }

  /** How many groups each batch has that is under way. */
  get sizes(): number[] {
    return this.underWay.map(({ groups }) => groups.length);
  }

  answerFirst(): void {
    this.underWay.shift()?.answer();
  }
}

function replyTo(group: Group): GroupReply {
  if (group.kind === "write") return { word: "applied" };
  const { runId, action } = group.delivery;
  const run = { runId, action, epoch: 1, input: new Uint8Array(), createdAt: 1, calls: [] };
  const rest = {
    version: "",
    generation: 0,
    journalBytes: 0,
    clears: 0,
    unknownAsks: 0,
    suspect: 0,
    reopened: [],
  };
  return { word: "claimed", run: { ...run, ...rest } };
}

async function turns(): Promise<void> {
  for (let n = 0; n < 5; n += 1) await turn();
}

/** Claims runs whose groups wait for their port from then on. */
async function claims(queue: CommitQueue, port: HeldPort, count: number): Promise<Claim[]> {
  const asked = Promise.all(
    Array.from({ length: count }, (_, n) => queue.claim(deliveryOf(`run-${n}`))),
  );
  await turns();
  while (port.underWay.length > 0) {
    port.answerFirst();
    await turns();
  }
  const replies = await asked;
  return replies.flatMap((reply) => (reply.kind === "claimed" ? reply.claim : []));
}

test("a port that throws at once refuses its batch, and the queue goes on", async () => {
  const failing = new CommitQueue({
    send: () => {
      throw new Error("no connection was made");
    },
  });

  await expect(failing.claim(deliveryOf("run-1"))).rejects.toThrow("no connection was made");
  await expect(failing.claim(deliveryOf("run-1"))).rejects.toThrow("no connection was made");
  await expect(failing.close()).resolves.toBeUndefined();
});

test("many groups leave in two halves, the second a turn later, and the next batch when one is answered", async () => {
  const port = new HeldPort();
  const queue = new CommitQueue(port);
  const all = await claims(queue, port, 50);

  for (const claim of all) claim.clear(0, 0);
  await turn();
  const first = port.sizes;
  await turns();
  const both = port.sizes;
  const answered = port.underWay[0]?.groups ?? [];
  port.answerFirst();
  await turns();
  for (const claim of all) claim.clear(1, 1);
  await turns();

  expect(first).toEqual([25]);
  expect(both).toEqual([25, 25]);
  expect(port.sizes).toEqual([25, 25]);
  expect(port.underWay[1]?.groups.map(runOf)).toEqual(answered.map(runOf));
});

test("few groups leave in one batch, and what comes meanwhile waits until a second is worth it", async () => {
  const port = new HeldPort();
  const queue = new CommitQueue(port);
  const all = await claims(queue, port, 24);

  for (const claim of all.slice(0, 15)) claim.clear(0, 0);
  await turns();
  const alone = port.sizes;
  for (const claim of all.slice(15, 22)) claim.clear(0, 0);
  await turns();
  const waiting = port.sizes;
  for (const claim of all.slice(22)) claim.clear(0, 0);
  await turns();

  expect(alone).toEqual([15]);
  expect(waiting).toEqual([15]);
  expect(port.sizes).toEqual([15, 9]);
});

test("a run has one group under way: what it writes meanwhile follows when that is answered", async () => {
  const port = new HeldPort();
  const queue = new CommitQueue(port);
  const all = await claims(queue, port, 12);

  for (const claim of all) claim.clear(0, 0);
  await turns();
  for (const claim of all) claim.clear(1, 1);
  for (const claim of all) claim.clear(2, 2);
  await turns();
  const meanwhile = port.sizes;
  port.answerFirst();
  await turns();

  expect(meanwhile).toEqual([12]);
  const next = port.underWay.flatMap(({ groups }) => groups);
  expect(next.map((group) => group.kind === "write" && [group.n, group.entries.length])).toEqual(
    all.map(() => [2, 2]),
  );
});

test("closing waits for all that is under way and all that follows it", async () => {
  const port = new HeldPort();
  const queue = new CommitQueue(port);
  const all = await claims(queue, port, 20);
  for (const claim of all) claim.clear(0, 0);
  await turns();
  for (const claim of all) claim.clear(1, 1);
  let isClosed = false;

  void queue.close().then(() => {
    isClosed = true;
  });
  const seen: boolean[] = [];
  for (let batch = 0; batch < 4; batch += 1) {
    seen.push(isClosed);
    port.answerFirst();
    await turns();
  }

  expect(seen).toEqual([false, false, false, false]);
  expect(isClosed).toBe(true);
  expect(all.every((claim) => claim.isAcknowledged)).toBe(true);
});

/** Has all runs write and be answered some times, by a clock that says how long each side took. */
async function writeOften(
  all: readonly Claim[],
  port: HeldPort,
  took: { readonly storeMs: number; readonly processMs: number },
  clock: { now: number },
): Promise<readonly number[]> {
  let sizes: readonly number[] = [];
  for (let round = 0; round < 30; round += 1) {
    clock.now += took.processMs;
    for (const claim of all) claim.clear(round, round);
    await turns();
    sizes = port.sizes;
    clock.now += took.storeMs;
    while (port.underWay.length > 0) {
      port.answerFirst();
      await turns();
    }
  }
  return sizes;
}

test("one batch is under way at a time while the store takes long over each, and two when it does no more", async () => {
  const port = new HeldPort();
  const time = { now: 0 };
  const queue = new CommitQueue(port, { clock: { ...systemClock, monotonic: () => time.now } });
  const all = await claims(queue, port, 50);

  const atFirst = await writeOften(all, port, { processMs: 2, storeMs: 2 }, time);
  const whileSlow = await writeOften(all, port, { processMs: 2, storeMs: 50 }, time);
  const atLast = await writeOften(all, port, { processMs: 2, storeMs: 2 }, time);

  expect(atFirst).toEqual([25, 25]);
  expect(whileSlow).toEqual([50]);
  expect(atLast).toEqual([25, 25]);
});

function runOf(group: Group): string {
  return group.kind === "claim" ? group.delivery.runId : group.runId;
}

test("a new claim of a run follows what an older one here has written of it, under way or not", async () => {
  const port = new HeldPort();
  const queue = new CommitQueue(port);
  const all = await claims(queue, port, 20);
  const [older, ...others] = all;
  older?.clear(0, 0);
  for (const claim of others.slice(0, 9)) claim.clear(0, 0);
  await turns();
  older?.clear(1, 1);

  void queue.claim({ ...deliveryOf("run-0"), nonce: "n-newer", attemptsStarted: 2 });
  for (const claim of others.slice(9)) claim.clear(0, 0);
  await turns();
  const seen: string[][] = [];
  while (port.underWay.length > 0) {
    // The last that left is answered first.
    const last = port.underWay.pop();
    seen.push(last?.groups.filter((group) => runOf(group) === "run-0").map(nameOf) ?? []);
    last?.answer();
    await turns();
  }

  expect(seen.flat()).toEqual(["write 1", "write 2", "claim"]);
  expect(older?.isAcknowledged).toBe(true);
});

function nameOf(group: Group): string {
  return group.kind === "claim" ? "claim" : `write ${group.n}`;
}
