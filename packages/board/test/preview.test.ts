import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainText, preview } from "../src/preview.ts";
import { redactSecrets } from "../src/redact.ts";

const limits = { depth: 4, entries: 5, text: 40, values: 60 };
const nothing = () => false;
const show = (value: unknown) => preview(value, ["input"], nothing, limits);

describe("preview", () => {
  it("leaves what JSON can say as it is", () => {
    const order = { id: "o-1", cents: 1999, paid: false, note: null, items: ["a", { sku: "b" }] };

    expect(show(order)).toEqual(order);
  });

  it("spells out what JSON has no form for", () => {
    const value = {
      big: 12345678901234567890n,
      when: new Date(0),
      never: new Date(Number.NaN),
      nothing: undefined,
    };
    const others = {
      nan: Number.NaN,
      pattern: /a+/i,
      bytes: Uint8Array.of(1, 2, 255),
      map: new Map<unknown, unknown>([
        ["a", 1],
        [{ b: 2 }, 3],
      ]),
      set: new Set([1, 2]),
    };

    expect(show(value)).toEqual({
      big: "12345678901234567890n",
      when: "Date 1970-01-01T00:00:00.000Z",
      never: "Invalid Date",
      nothing: "undefined",
    });
    expect(show(others)).toEqual({
      nan: "NaN",
      pattern: "/a+/i",
      bytes: "Uint8Array of 3 bytes 0102ff",
      map: { "Map of 2": { a: 1, '{"b":2}': 3 } },
      set: { "Set of 2": [1, 2] },
    });
  });

  it("shows an error's name, message, fields and causes, and no stack", () => {
    const cause = new TypeError("no route");
    const error = Object.assign(new Error("declined", { cause }), {
      code: "CARD",
      retryable: false,
    });

    expect(show(error)).toEqual({
      name: "Error",
      message: "declined",
      code: "CARD",
      retryable: false,
      cause: { name: "TypeError", message: "no route" },
    });
  });

  it("counts what it leaves out", () => {
    expect(show([1, 2, 3, 4, 5, 6, 7])).toEqual([1, 2, 3, 4, 5, "… 2 more"]);
    expect(show({ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 })).toEqual({
      a: 1,
      b: 2,
      c: 3,
      d: 4,
      e: 5,
      "…": "1 more",
    });
    expect(show("x".repeat(41))).toBe(`${"x".repeat(40)}… (41 characters)`);
    expect(show([[[[[1]]]]])).toEqual([[[["array of 1"]]]]);
  });

  it("hides values whose name speaks of a secret, with all they hold", () => {
    const value = {
      user: { name: "ada", password: "hunter2", apiKey: { id: 1, key: "k" } },
      headers: new Map([["Authorization", "Bearer x"]]),
    };

    const shown = preview(value, ["input"], redactSecrets, limits);

    expect(shown).toEqual({
      user: { name: "ada", password: "[redacted]", apiKey: "[redacted]" },
      headers: { "Map of 1": { Authorization: "[redacted]" } },
    });
  });

  it("tells the redact function where in the value it is", () => {
    const paths: string[] = [];

    preview(
      { items: [{ sku: "a" }] },
      ["calls", "3", "result"],
      (path) => {
        paths.push(path.join("."));
        return false;
      },
      limits,
    );

    expect(paths).toEqual([
      "calls.3.result",
      "calls.3.result.items",
      "calls.3.result.items.0",
      "calls.3.result.items.0.sku",
    ]);
  });

  it("lets no text break its line or pose as another", () => {
    expect(plainText("a\u202eb\u0000c\u001b[31m\u2028", 100)).toBe(
      "a\\u202eb\\u0000c\\u001b[31m\\u2028",
    );
  });

  it("treats __proto__ as a key like any other", () => {
    const shown = show(JSON.parse('{"__proto__": {"polluted": true}}'));

    expect(JSON.stringify(shown)).toBe('{"__proto__":{"polluted":true}}');
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  it("is bounded JSON for whatever it is given", () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
    });

    fc.assert(
      fc.property(anything, (value) => {
        const text = JSON.stringify(preview(value, [], nothing, limits));
        expect(text.length).toBeLessThan(20_000);
      }),
    );
  });
});
