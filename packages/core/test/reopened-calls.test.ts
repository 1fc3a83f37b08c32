import fc from "fast-check";
import { expect, test } from "vitest";
import { SerializationError } from "../src/words/errors.ts";
import { decodeReopened, encodeReopened } from "../src/words/reopened-calls.ts";
import { holds } from "./property.ts";

test("the stored list is JSON that other programs can read, and nothing when it is empty", () => {
  const call = { functionId: "pay", argsDigest: "0123456789abcdef", earlier: 2, reopened: 1 };

  expect(encodeReopened([call])).toBe('[["pay","0123456789abcdef",2,1]]');
  expect(encodeReopened([])).toBe("");
});

test("every list comes back as it was", () => {
  const call = fc.record({
    functionId: fc.string({ unit: "grapheme" }),
    argsDigest: fc.string(),
    earlier: fc.nat(),
    reopened: fc.nat(255),
  });

  holds(fc.array(call), (calls) => {
    expect(decodeReopened(encodeReopened(calls))).toEqual(calls);
  });
});

test.for([
  ["no JSON", "[["],
  ["no list", '{"a":1}'],
  ["an entry that is no list", "[1]"],
  ["an id that is no text", '[[1,"",0,1]]'],
  ["a digest that is no text", '[["pay",null,0,1]]'],
  ["a negative count", '[["pay","",-1,1]]'],
  ["a count that is no number", '[["pay","",0,"1"]]'],
])("F18 %s is refused", ([, text]) => {
  expect(() => decodeReopened(text ?? "")).toThrow(SerializationError);
});
