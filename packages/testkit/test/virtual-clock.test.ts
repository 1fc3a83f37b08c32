import { describe, expect, it } from "vitest";
import { virtualClock } from "../src/virtual-clock.ts";

describe("virtualClock", () => {
  it("stands still until it is moved, and then both of its times move alike", async () => {
    const clock = virtualClock(1000);
    expect([clock.now(), clock.monotonic()]).toEqual([1000, 0]);

    await clock.advance(250);

    expect([clock.now(), clock.monotonic()]).toEqual([1250, 250]);
  });

  it("calls timers in the order they fall due, each at its own time", async () => {
    const clock = virtualClock(0);
    const called: unknown[] = [];
    for (const ms of [30, 10, 20]) clock.timer(ms, () => called.push([ms, clock.now()]));

    await clock.advance(20);

    expect(called).toEqual([
      [10, 10],
      [20, 20],
    ]);
    expect(clock.timers).toBe(1);
  });

  it("calls timers that earlier ones set on the way", async () => {
    const clock = virtualClock(0);
    const called: number[] = [];
    clock.timer(10, () => clock.timer(10, () => called.push(clock.now())));

    await clock.advance(100);

    expect([called, clock.now()]).toEqual([[20], 100]);
  });

  it("does not call what was cancelled", async () => {
    const clock = virtualClock();
    const cancel = clock.timer(10, () => expect.unreachable());

    cancel();
    await clock.advance(100);

    expect(clock.timers).toBe(0);
  });

  it("waits for a timer that is yet to be set, and says how far it moved", async () => {
    const clock = virtualClock(0);
    const moved = clock.advanceToNextTimer();
    let isCalled = false;

    clock.timer(70, () => {
      isCalled = true;
    });

    expect(await moved).toBe(70);
    expect([isCalled, clock.now()]).toEqual([true, 70]);
  });
});
