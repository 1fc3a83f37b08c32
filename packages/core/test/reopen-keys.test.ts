import { currentCall, durable, notStarted } from "@refrain/core";
import { beforeEach, expect, test } from "vitest";
import { crash } from "./support/crash-after.ts";
import { Drive } from "./support/drive.ts";
import { gate } from "./support/gate.ts";
import { action, implementation, run, Shop } from "./support/shop.ts";

let shop: Shop;
beforeEach(() => {
  shop = new Shop();
});

test("only the failed one of several equal calls gets a new key, also where others left no record", async () => {
  const drive = new Drive();
  const hangs = gate();
  const keys: string[][] = [[], []];
  const place = { generation: 0 };
  // No arguments of their own: they are told apart by how many came before.
  const call = (index: number) => ({
    id: "equal",
    call: async () => {
      keys[place.generation]?.push(`${index} ${currentCall().idempotencyKey}`);
      if (place.generation > 0) return;
      if (index === 1) throw new Error("the second one fails");
      await hangs.passed;
    },
  });
  const act = implementation((ctx) =>
    Promise.all([0, 1, 2].map((index) => ctx.durableExecute(call(index)))),
  );
  await drive.create(action);
  await run(drive, act);

  await drive.retry();
  place.generation = 1;
  await run(drive, act);

  const [before = [], after = []] = keys;
  expect([before.length, after.length]).toEqual([3, 3]);
  expect(before.filter((key) => after.includes(key))).toEqual([before[0], before[2]]);
});

test("a retried call keeps its new key when a deploy inserts a call before it, through a crash after the clear", async () => {
  const drive = new Drive();
  const stuck = gate();
  const old = implementation(async (ctx) => {
    await ctx.durableExecute(shop.reserve, [1]);
    await ctx.durableExecute(shop.charge);
    await ctx.durableExecute(shop.reserve, [2]);
  });
  await drive.create(action);
  await run(drive, old);
  await drive.retry();
  shop.isDown = false;
  const inserted = { times: 0 };
  const renewed = implementation(async (ctx) => {
    const first = { id: "new", call: () => (inserted.times++ === 0 ? stuck.passed : undefined) };
    await ctx.durableExecute(first);
    await ctx.durableExecute(shop.reserve, [1]);
    await ctx.durableExecute(shop.charge);
    await ctx.durableExecute(shop.reserve, [2]);
  });
  const crashed = await drive.attempt(renewed);
  await stuck.reached;
  crashed.abort(crash);
  const cleared = await drive.store.read("run-1");
  await run(drive, renewed);

  expect(cleared?.calls).toEqual([]);
  expect(shop.whats).toEqual(["reserve 1", "charge", "reserve 1", "charge", "reserve 2"]);
  expect(new Set(shop.keysOf("reserve 1")).size).toBe(1);
  const [before, after] = shop.keysOf("charge");
  // The very key it would have had without the deploy: nothing but the reopening counts.
  shop.isDown = true;
  const twin = new Drive();
  await twin.create(action);
  const plain = implementation((ctx) => ctx.durableExecute(shop.charge));
  await run(twin, plain);
  await twin.retry();
  await run(twin, plain);
  expect(shop.keysOf("charge").slice(2)).toEqual([before, after]);
});

test("a retried call that died while fn ran is asked about under the new key", async () => {
  const drive = new Drive();
  const started = gate();
  const slow = durable("charge", async () => {
    shop.note("charge");
    if (shop.isDown) throw new Error("declined");
    await started.passed;
  });
  const act = implementation((ctx) =>
    ctx.durableExecute(slow, [], { reconciler: () => (shop.note("charge?"), notStarted()) }),
  );
  await drive.create(action);
  await run(drive, act);
  shop.isDown = false;
  await drive.retry();
  const second = await drive.attempt(act);
  await started.reached;
  second.abort(crash);
  shop.isDown = true;
  await run(drive, act);

  const [first, anew, again] = shop.keysOf("charge");
  expect(shop.keysOf("charge?")).toEqual([first, anew]);
  expect(again).toBe(anew);
  expect(anew).not.toBe(first);
});

test("what a reconciler recorded as a failure is asked about again under the key that fn ran with", async () => {
  const drive = new Drive();
  const answers = ["refuse", "refuse", "found"];
  const act = implementation((ctx) =>
    ctx.durableExecute(
      shop.charge,
      [],
      shop.asks(() => {
        const answer = answers[shop.whats.filter((what) => what === "charge?").length - 1] ?? "";
        if (answer === "refuse") throw new Error("refused");
        return answer;
      }),
    ),
  );
  await drive.create(action);
  await run(drive, act);
  for (let times = 0; times < 3; times++) {
    await drive.retry();
    await run(drive, act);
  }

  expect(await drive.outcome()).toBe("found");
  expect(shop.whats).toEqual(["charge", "charge?", "charge?", "charge?"]);
  expect(new Set(shop.log.map(({ key }) => key)).size).toBe(1);
});
