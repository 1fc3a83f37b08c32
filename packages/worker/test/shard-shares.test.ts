import { virtualClock } from "@refrain/testkit";
import { expect, test } from "vitest";
import { ShardShares, type Sharer, shareOut } from "../src/shard-shares.ts";

const sharer = (inHand: number, share: number): Sharer => ({ inHand, share });

test.each([
  ["all are busy, and have even parts", [12, 13, 12, 13], [12, 13, 12, 13], [13, 13, 12, 12]],
  ["one is busy, and has what the others leave", [12, 0, 0, 0], [12, 13, 12, 13], [47, 1, 1, 1]],
  ["two are busy, beside one that is not quite", [12, 5, 1, 0], [12, 13, 1, 12], [22, 6, 21, 1]],
  ["none is busy, and each may have more", [4, 0, 2, 0], [12, 13, 12, 13], [15, 11, 13, 11]],
] as const)("of 50 jobs in four shards: %s", (_, inHand, shares, expected) => {
  const sharers = inHand.map((jobs, index) => sharer(jobs, shares[index] ?? 0));

  expect(shareOut(50, sharers)).toEqual(expected);
});

test("of two that are busy none has more than the other, and who is not leaves the rest to both", () => {
  expect(shareOut(10, [sharer(9, 9), sharer(1, 1)])).toEqual([5, 5]);
  expect(shareOut(10, [sharer(8, 5), sharer(2, 5)])).toEqual([7, 3]);
});

test("every shard may have a job, of more shards than the worker runs at once", () => {
  expect(shareOut(2, [sharer(1, 1), sharer(1, 1), sharer(0, 1), sharer(0, 1)])).toEqual([
    1, 1, 1, 1,
  ]);
});

test("shares are even at first, follow what is in hand, and rest when they are stopped", async () => {
  const clock = virtualClock();
  const shares = new ShardShares(clock);
  const [first, second] = [
    { inHand: 0, share: 0 },
    { inHand: 0, share: 0 },
  ];

  shares.add("default", 10, first);
  const alone = first.share;
  shares.add("default", 10, second);
  const even = [first.share, second.share];
  first.inHand = 5;
  await clock.advance(100);
  const followed = [first.share, second.share];
  shares.stop();
  first.inHand = 0;
  await clock.advance(1000);

  expect([alone, even, followed]).toEqual([10, [5, 5], [9, 1]]);
  expect([first.share, second.share]).toEqual(followed);
});
