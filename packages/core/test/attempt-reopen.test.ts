import { beforeEach, expect, test } from "vitest";
import { Drive } from "./support/drive.ts";
import { action, implementation, run, Shop } from "./support/shop.ts";

let shop: Shop;
beforeEach(() => {
  shop = new Shop();
});

test("a retried call is asked about under the key it had, then runs under a new one; nothing else runs", async () => {
  const drive = new Drive();
  const act = implementation(async (ctx) => {
    await ctx.durableExecute(shop.reserve, [1]);
    const paid = await ctx.durableExecute(
      shop.charge,
      [],
      shop.asks(() => ""),
    );
    await ctx.durableExecute(shop.reserve, [2]);
    return paid;
  });
  await drive.create(action);
  await run(drive, act);
  shop.isDown = false;

  await drive.retry();
  await run(drive, act);

  expect(await drive.outcome()).toBe("paid");
  expect(shop.whats).toEqual(["reserve 1", "charge", "charge?", "charge", "reserve 2"]);
  const [first, second] = shop.keysOf("charge");
  expect(shop.keysOf("charge?")).toEqual([first]);
  expect(second).not.toBe(first);
});

test("what a reconciler finds is the outcome of a retried call: fn does not run", async () => {
  const drive = new Drive();
  const act = implementation((ctx) =>
    ctx.durableExecute(
      shop.charge,
      [],
      shop.asks(() => "found"),
    ),
  );
  await drive.create(action);
  await run(drive, act);

  await drive.retry();
  await run(drive, act);

  expect(await drive.outcome()).toBe("found");
  expect(shop.whats).toEqual(["charge", "charge?"]);
});

test("a retried call without a reconciler runs again under a new key, and WARNs of nothing", async () => {
  const drive = new Drive();
  const act = implementation((ctx) => ctx.durableExecute(shop.charge));
  await drive.create(action);
  for (let generation = 0; generation < 3; generation++) {
    shop.isDown = generation < 2;
    await run(drive, act);
    if (shop.isDown) await drive.retry();
  }

  expect(await drive.outcome()).toBe("paid");
  expect(new Set(shop.keysOf("charge")).size).toBe(3);
  expect(drive.eventTypes()).toEqual([]);
});

test("a failure that was wrapped is found, and the calls after it stay for the action to ask for", async () => {
  const drive = new Drive();
  const act = implementation(async (ctx) => {
    const [paid] = await Promise.allSettled([
      ctx.durableExecute(shop.charge),
      ctx.durableExecute(shop.reserve, [1]),
    ]);
    await ctx.durableExecute(shop.reserve, [2]);
    if (paid.status === "rejected") throw new Error("no order", { cause: paid.reason });
    return paid.value;
  });
  await drive.create(action);
  await run(drive, act);
  shop.isDown = false;

  await drive.retry();
  await run(drive, act);

  expect(await drive.outcome()).toBe("paid");
  expect(shop.whats).toEqual(["charge", "reserve 1", "reserve 2", "charge"]);
  expect(drive.eventTypes().filter((type) => type === "diverged")).toEqual([]);
});

test("a run that its action failed runs on from what it recorded", async () => {
  const drive = new Drive();
  const act = implementation(async (ctx) => {
    await ctx.durableExecute(shop.reserve, [1]);
    if (shop.isDown) throw new Error("not by a call");
    return "done";
  });
  await drive.create(action);
  await run(drive, act);
  shop.isDown = false;

  await drive.retry();
  await run(drive, act);

  expect(await drive.outcome()).toBe("done");
  expect(shop.whats).toEqual(["reserve 1"]);
});

/** An action that fails by none of its calls. */
function reservesThenThrows() {
  return implementation(async (ctx) => {
    await ctx.durableExecute(shop.reserve, [1]);
    throw new Error("first");
  });
}

test("a run that failed by a divergence may be cleared again once it is retried", async () => {
  const drive = new Drive();
  await drive.create(action);
  await run(drive, reservesThenThrows());
  await drive.retry();
  const other = implementation((ctx) => ctx.durableExecute(shop.reserve, [2]), {
    onDivergence: "fail",
  });
  await run(drive, other);
  expect(await drive.outcome()).toMatchObject({ name: "DivergenceError" });

  await drive.retry();
  await run(
    drive,
    implementation((ctx) => ctx.durableExecute(shop.reserve, [2])),
  );

  expect(await drive.outcome()).toBe(2);
});

test("an action that throws before it asked for everything says that its calls are kept, and they are", async () => {
  const drive = new Drive();
  await drive.create(action);
  await run(drive, reservesThenThrows());
  await drive.retry();

  await run(
    drive,
    implementation(async () => {
      throw new Error("second");
    }),
  );

  const state = await drive.store.read("run-1");
  expect(await drive.outcome()).toMatchObject({ message: "second" });
  expect(state?.calls).toMatchObject([{ functionId: "reserve", status: "SUCCEEDED" }]);
  expect(drive.events).toMatchObject([{ type: "diverged", verdict: "kept", slot: 0 }]);
});
