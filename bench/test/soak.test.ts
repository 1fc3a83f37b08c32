import { expect, test } from "vitest";
import { CALLS } from "../src/soak/action.ts";
import { OutsideWorld } from "../src/soak/outside-world.ts";
import { judgeSoak } from "../src/soak/verdict.ts";
import type { Check } from "../src/soak/watch.ts";

const KILLED = 1;
const ALIVE = 2;

/** A world with one run whose calls had their effect once each, in a process that goes on. */
function world(
  slots: readonly number[] = Array.from({ length: CALLS }, (_, n) => n),
): OutsideWorld {
  const outside = new OutsideWorld((pid) => pid === KILLED);
  outside.expect("r");
  for (const slot of slots) void outside.effect("r", slot, ALIVE);
  return outside;
}

function breaches(outside: OutsideWorld): readonly string[] {
  outside.judge({ all: true });
  return outside.breaches;
}

test("a run that succeeds, each call once, breaks nothing", () => {
  const outside = world();
  outside.settled("r", "SUCCEEDED");

  expect(breaches(outside)).toEqual([]);
});

test("a run that nobody settles, or that fails, is a breach", () => {
  expect(breaches(world())).toEqual(["run r: never settled"]);
  const failed = world();
  failed.settled("r", "FAILED");
  expect(breaches(failed)).toEqual(["run r: settled FAILED"]);
});

test("a call without an effect is lost", () => {
  const outside = world([0, 1, 2, 3, 4]);
  outside.settled("r", "SUCCEEDED");

  expect(breaches(outside)).toEqual(["run r: lost: call 5 never had its effect"]);
});

test("a plain call may have its effect again after a kill, or when its attempt said that it lost the run", () => {
  const outside = new OutsideWorld((pid) => pid === KILLED);
  outside.expect("r");
  void outside.effect("r", 0, KILLED);
  void outside.effect("r", 2, ALIVE);
  outside.lost("r", ALIVE);
  for (let slot = 0; slot < CALLS; slot += 1) void outside.effect("r", slot, 3);
  outside.settled("r", "SUCCEEDED");

  expect(breaches(outside)).toEqual([]);
  expect(outside.announcedDoubles).toBe(2);
});

test("a plain call that ran twice with no such reason is a breach", () => {
  const outside = world();
  void outside.effect("r", 0, ALIVE);
  outside.settled("r", "SUCCEEDED");

  expect(breaches(outside)).toEqual(["run r: call 0 had its effect 2 times"]);
});

test("a reconcilable call that ran twice is a breach, kill or no kill", () => {
  const outside = new OutsideWorld((pid) => pid === KILLED);
  outside.expect("r");
  void outside.effect("r", 1, KILLED);
  for (let slot = 0; slot < CALLS; slot += 1) void outside.effect("r", slot, ALIVE);
  outside.settled("r", "SUCCEEDED");

  expect(breaches(outside)).toEqual(["run r: call 1 had its effect 2 times"]);
});

/** Half an hour of looks, every minute. */
function soaked(memory: (minute: number) => Partial<Check>, leaks: readonly string[] = []) {
  const checks = Array.from({ length: 30 }, (_, minute) => ({
    minute,
    rssMb: 100,
    heapMb: 20,
    redisMb: 5,
    keys: 1000,
    live: 10,
    ...memory(minute),
  }));
  const ended = { breaches: [], judged: 9, resumed: 3, announcedDoubles: 1 };
  return judgeSoak({ checks, leaks: new Set(leaks) }, ended, { kills: 4, accidents: [] });
}

test("a soak whose memory only jumps up and down is sound", () => {
  const noisy = soaked((minute) => ({ rssMb: 100 + (minute % 7) * 3, redisMb: 5 + (minute % 5) }));

  expect(noisy.isGood).toBe(true);
});

test.each([
  ["RSS of a worker", (minute: number) => ({ rssMb: 100 + minute * 0.6 })],
  ["heap of a worker", (minute: number) => ({ heapMb: 20 + minute * 0.2 })],
  ["Redis used_memory", (minute: number) => ({ redisMb: 5 + minute * 0.2 })],
])("a soak in which %s rises steadily is not sound", (name, memory) => {
  const { isGood, lines } = soaked(memory);

  expect(isGood).toBe(false);
  expect(lines).toContainEqual(expect.stringContaining(`it grows: ${name}`));
});

test("a soak that leaves a key without a TTL is not sound", () => {
  expect(soaked(() => ({}), ["{soak:0}:run:r"]).isGood).toBe(false);
});
