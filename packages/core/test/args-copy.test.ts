import {
  argsDigest,
  ClaimLostError,
  type Durable,
  type DurableContext,
  defineAction,
  durable,
  notStarted,
} from "@refrain/core";
import { expect, test } from "vitest";
import { copyOfArgs } from "../src/words/args-copy.ts";
import { holds, storable } from "./property.ts";
import { Drive } from "./support/drive.ts";
import { gate } from "./support/gate.ts";

const action = defineAction<null, unknown>({ name: "act" });

type Charge = Durable<[{ cents: number }], Promise<number>>;

test.each([
  [
    "call was made, however late it starts",
    (ctx: DurableContext, charge: Charge, order: { cents: number }) =>
      ctx.durableExecute(charge, [order], { reconciler: () => notStarted() }),
  ],
  [
    "handle was made, however late that is awaited",
    (ctx: DurableContext, charge: Charge, order: { cents: number }) =>
      ctx.durableExecuteAsync(charge, [order]),
  ],
])("fn gets its arguments as they were when the %s", async (_when, call) => {
  const drive = new Drive();
  const charged: number[] = [];
  const charge = durable("charge", async (order: { cents: number }) => charged.push(order.cents));
  await drive.create(action);

  const attempt = await drive.attempt(
    action.implement(async (ctx) => {
      const order = { cents: 100 };
      const payment = call(ctx, charge, order);
      order.cents = 999;
      await payment;
    }),
  );
  await attempt.done;

  expect(charged).toEqual([100]);
});

test("each try gets the arguments of the call, whatever the try before did to its own", async () => {
  const drive = new Drive();
  const seen: string[][] = [];
  const pack = durable("pack", async (box: string[]) => {
    box.push("parcel");
    seen.push(box);
    if (seen.length < 3) throw new Error("again");
  });
  await drive.create(action);

  const attempt = await drive.attempt(
    action.implement((ctx) =>
      ctx.durableExecute(pack, [["label"]], { retry: { backoff: { initialMs: 0 } } }),
    ),
  );
  await attempt.done;

  expect(seen).toEqual([
    ["label", "parcel"],
    ["label", "parcel"],
    ["label", "parcel"],
  ]);
});

test("the action does not see what fn does to its arguments, on the first attempt as on a replay", async () => {
  const drive = new Drive();
  const stuck = gate();
  const prices: (number | undefined)[] = [];
  const price = durable("price", async (order: { cents?: number | undefined }) => {
    order.cents = 5;
  });
  const wait = durable("wait", (_cents: number | undefined) => stuck.passed);
  const handler = async (ctx: DurableContext): Promise<void> => {
    const order: { cents?: number | undefined } = {};
    await ctx.durableExecute(price, [order]);
    prices.push(order.cents);
    await ctx.durableExecute(wait, [order.cents]);
  };
  await drive.create(action);

  const first = await drive.attempt(action.implement(handler));
  await stuck.reached;
  first.abort(new ClaimLostError("lock"));
  stuck.pass();
  await (await drive.attempt(action.implement(handler))).done;

  expect(prices).toEqual([undefined, undefined]);
});

test("a copy has the digest of the original, equals it and shares no object with it", () => {
  holds(storable, (value) => {
    const [copy] = copyOfArgs([value]);

    expect(argsDigest([copy])).toBe(argsDigest([value]));
    expect(copy).toStrictEqual(value);
    expect(objectsIn(value).filter((object) => objectsIn(copy).includes(object))).toEqual([]);
  });
});

test.for<[string, unknown]>([
  ["an object without prototype", Object.assign(Object.create(null), { a: 1 })],
  ["a field called __proto__", JSON.parse('{ "__proto__": { "isAdmin": true } }')],
  ["holes", Object.assign(Array.from({ length: 1 }), { length: 3 })],
  ["a view on part of a buffer", new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)],
  ["a buffer", new Uint8Array([1, 2, 3]).buffer],
  ["a frozen object", Object.freeze({ items: Object.freeze([1]) })],
])("%s is copied as it is", ([, value]) => {
  const [copy] = copyOfArgs([value]);

  expect(copy).not.toBe(value);
  expect(argsDigest([copy])).toBe(argsDigest([value]));
  expect(copy).toEqual(value);
  expect(Object.getPrototypeOf(copy)).toBe(Object.getPrototypeOf(value));
});

test.for([Buffer.from([1, 2]), new Uint8Array([1, 2]), new Uint8Array([0, 1, 2]).subarray(1)])(
  "bytes are copied, not seen through another view",
  (bytes) => {
    const [copy] = copyOfArgs([bytes]) as [Uint8Array];
    bytes[0] = 9;

    expect([...copy]).toEqual([1, 2]);
  },
);

test("a RegExp is copied with the place where it goes on", () => {
  const pattern = /a/g;
  pattern.test("aa");

  const [copy] = copyOfArgs([pattern]) as [RegExp];
  copy.test("aa");

  expect([pattern.lastIndex, copy.lastIndex]).toEqual([1, 2]);
});

/** Every object inside a value, the value itself included. */
function objectsIn(value: unknown): object[] {
  if (typeof value !== "object" || value === null) return [];
  if (value instanceof Map) return [value, ...[...value].flat().flatMap(objectsIn)];
  if (value instanceof Set) return [value, ...[...value].flatMap(objectsIn)];
  if (ArrayBuffer.isView(value)) return [value];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}
