import fc from "fast-check";
import { expect, test } from "vitest";
import {
  checkFunctionId,
  functionIdOf,
  idempotencyKey,
  labelKey,
  sameIdentity,
} from "../src/words/call-identity.ts";
import { holds } from "./property.ts";

async function chargeCard(): Promise<void> {}

class Gateway {
  async refund(this: void): Promise<void> {}
  static async ping(this: void): Promise<void> {}
}

test("FA-ID-01 a plain function's id is its bare name, without a module", () => {
  expect(functionIdOf(chargeCard)).toBe("chargeCard");
});

test.for([
  ["an arrow function", () => () => 1],
  ["a function expression", () => function () {} as () => void],
  // oxlint-disable-next-line typescript/no-implied-eval -- such functions are called "anonymous"
  ["new Function", () => new Function("return 1") as () => unknown],
] as const)("FA-ID-02 %s without a name is refused", ([, make]) => {
  expect(() => functionIdOf(make())).toThrow(
    /^an anonymous function cannot .* use durable\(id, fn\)$/,
  );
});

test("FA-ID-03 an instance method's id is its bare name; once bound it is refused", () => {
  const gateway = new Gateway();

  expect(functionIdOf(gateway.refund)).toBe("refund");
  expect(() => functionIdOf((gateway.refund as () => unknown).bind(gateway))).toThrow(
    /^a bound function \("bound refund"\) cannot .* use durable\(id, fn\)$/,
  );
});

test("FA-ID-04 a static method's id is its bare name", () => {
  expect(functionIdOf(Gateway.ping)).toBe("ping");
});

test("FA-ID-05 a class method inherited by a subclass keeps its bare name", () => {
  class EuGateway extends Gateway {}

  expect(functionIdOf(EuGateway.ping)).toBe("ping");
});

test("FA-OBS-14 a bound method needs an explicit id, which tells its instances apart", () => {
  const eu = new Gateway();
  const refund = { functionId: "eu.refund", fn: () => eu.refund() };

  expect(functionIdOf(refund)).toBe("eu.refund");
});

test("names of one or two letters are refused, because minifiers make them", () => {
  const ab = (): void => {};

  expect(() => functionIdOf(ab)).toThrow(
    /^a function called "ab" cannot .* use durable\(id, fn\)$/,
  );
});

test("a function whose name is no string is refused", () => {
  const odd = Object.defineProperty((): void => {}, "name", { value: 5 });

  expect(() => functionIdOf(odd)).toThrow("name is not a string");
});

test("an explicit id may be short, but neither empty, nor over 255 bytes, nor malformed", () => {
  expect(checkFunctionId("f")).toBe("f");
  expect(checkFunctionId("é".repeat(127))).toHaveLength(127);
  expect(checkFunctionId("a".repeat(255))).toHaveLength(255);
  expect(() => checkFunctionId("")).toThrow("non-empty string");
  expect(() => checkFunctionId("é".repeat(128))).toThrow("at most 255 bytes");
  expect(() => checkFunctionId("a".repeat(256))).toThrow("at most 255 bytes");
  expect(() => checkFunctionId("pay\uD800")).toThrow("well-formed Unicode");
  expect(() => checkFunctionId(5 as unknown as string)).toThrow("non-empty string");
});

const identity = { functionId: "payments.charge", argsDigest: "0123456789abcdef" };

test.for([
  [true, identity],
  [false, { ...identity, functionId: "payments.refund" }],
  [false, { ...identity, argsDigest: "fedcba9876543210" }],
  [false, { functionId: "payments.refund", argsDigest: "fedcba9876543210" }],
] as const)("FA-CR-06 a call matches iff id and digest are equal: %s", ([expected, other]) => {
  expect(sameIdentity(identity, other)).toBe(expected);
});

test("FA-CR-07 a call without arguments of its own matches its like and nothing else", () => {
  const bare = { functionId: "post", argsDigest: "" };

  expect(sameIdentity(bare, { functionId: "post", argsDigest: "" })).toBe(true);
  expect(sameIdentity(bare, { ...identity, functionId: "post" })).toBe(false);
});

test("a call's idempotency key is 32 hex characters and the same each time", () => {
  const key = idempotencyKey("order-1", identity, { earlier: 0, reopened: 0 });

  expect(key).toMatch(/^[0-9a-f]{32}$/);
  expect(idempotencyKey("order-1", { ...identity }, { earlier: 0, reopened: 0 })).toBe(key);
});

test("the idempotency key never changes between releases", () => {
  expect(idempotencyKey("order-1", identity, { earlier: 2, reopened: 1 })).toBe(
    "0528255eca82435849ba9aecb906cf69",
  );
  expect(labelKey("order-1", "invoice")).toBe("1a72fcd0e33499342e347aa8621ec132");
});

test("run, function, arguments, occurrence and reopening each change the idempotency key", () => {
  const keys = [
    idempotencyKey("order-1", identity, { earlier: 0, reopened: 0 }),
    idempotencyKey("order-2", identity, { earlier: 0, reopened: 0 }),
    idempotencyKey("order-1", { ...identity, functionId: "x" }, { earlier: 0, reopened: 0 }),
    idempotencyKey("order-1", { ...identity, argsDigest: "" }, { earlier: 0, reopened: 0 }),
    idempotencyKey("order-1", identity, { earlier: 1, reopened: 0 }),
    idempotencyKey("order-1", identity, { earlier: 0, reopened: 1 }),
    labelKey("order-1", "payments.charge"),
    labelKey("order-2", "payments.charge"),
  ];

  expect(new Set(keys).size).toBe(keys.length);
});

test("two different calls never share an idempotency key", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "1", ":", "/", "0") });
  const call = fc.tuple(text, text, text, fc.nat(3), fc.nat(3));
  const keyOf = ([runId, functionId, argsDigest, earlier, reopened]: [
    string,
    string,
    string,
    number,
    number,
  ]): string => idempotencyKey(runId, { functionId, argsDigest }, { earlier, reopened });

  holds(fc.tuple(call, call), ([a, b]) => {
    expect(keyOf(a) === keyOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
  });
});
