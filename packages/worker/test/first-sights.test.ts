import { virtualClock } from "@refrain/testkit";
import { expect, test } from "vitest";
import { FirstSights } from "../src/first-sights.ts";

test("a job is known from its first sight on", async () => {
  const clock = virtualClock();
  const sights = new FirstSights(clock);

  const first = sights.see("a");
  await clock.advance(12_000);
  const second = sights.see("a");

  expect([first, second]).toEqual([0, 12_000]);
});

test("a job that was forgotten is seen for the first time again", async () => {
  const clock = virtualClock();
  const sights = new FirstSights(clock);
  sights.see("a");
  await clock.advance(12_000);

  sights.forget("a");

  expect(sights.see("a")).toBe(0);
});

test("what was first seen long ago is forgotten, however much is seen", async () => {
  const clock = virtualClock();
  const sights = new FirstSights(clock);
  sights.see("old");
  await clock.advance(9 * 60_000);
  sights.see("new");
  await clock.advance(60_000);

  expect(sights.see("new")).toBe(60_000);
  expect(sights.see("old")).toBe(0);
});
