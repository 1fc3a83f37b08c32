import { expect, test } from "vitest";
import { previewOf } from "../src/preview.ts";

test("a small input is shown as it is", () => {
  expect(previewOf({ id: "o-1", cents: 990, tags: ["a", null], at: new Date(0) })).toBe(
    '{id: "o-1", cents: 990, tags: ["a", null], at: 1970-01-01T00:00:00.000Z}',
  );
});

test("depth, width and length are bounded", () => {
  const deep = { a: { b: { c: { d: 1 } } } };
  const wide = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, n]));

  expect(previewOf(deep)).toBe("{a: {b: {…}}}");
  expect(previewOf(wide)).toBe("{k0: 0, k1: 1, k2: 2, k3: 3, k4: 4, … 45 more}");
  expect(previewOf(Array.from({ length: 9 }, () => "x".repeat(1000))).length).toBeLessThan(201);
});

test("fields that sound secret keep their values to themselves", () => {
  expect(previewOf({ apiKey: "k", password: "p", cardNumber: "4111", sku: "s" })).toBe(
    '{apiKey: …, password: …, cardNumber: …, sku: "s"}',
  );
});

test("no code of the value's own is called", () => {
  const trap = {
    get boom(): never {
      throw new Error("called");
    },
    toString(): never {
      throw new Error("called");
    },
  };

  expect(previewOf(trap)).toBe("{boom: undefined, toString: function}");
});

test.each([
  [undefined, "undefined"],
  [12n, "12n"],
  [Symbol("s"), "symbol"],
  [new Map([[1, 2]]), "Map"],
  [new Date(Number.NaN), "no date"],
  [Object.create(null), "{}"],
])("%s is shown as %j", (value, text) => {
  expect(previewOf(value)).toBe(text);
});
