import fc from "fast-check";
import { Command } from "ioredis";
import { expect, it } from "vitest";
import { type Operand, Operands } from "../src/operands.ts";

it("encodes operands as ioredis does", () => {
  const operand = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.nat(),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  );

  fc.assert(
    fc.property(fc.array(operand, { maxLength: 200 }), (list) => {
      expect(ours(list).equals(theirs(list))).toBe(true);
    }),
  );
});

it("encodes operands of any length", () => {
  for (const length of [0, 9, 10, 4096, 5 * 1024 * 1024]) {
    const list = [
      "before",
      "x".repeat(length),
      Buffer.alloc(length, 0x80),
      "é".repeat(length / 2),
      "after",
    ];
    expect(ours(list).equals(theirs(list))).toBe(true);
  }
});

it("takes any bytes, not Buffers only", () => {
  const bytes = new Uint8Array([9, 0, 255, 13, 10]);

  const command = ours([bytes.subarray(1)]);

  expect(command.equals(theirs([Buffer.from([0, 255, 13, 10])]))).toBe(true);
});

it("gives the same bytes however often it is asked", () => {
  const operands = new Operands();
  operands.add("a");

  const first = operands.toCommand("EVALSHA", "digest");
  first.fill(0);

  expect(operands.toCommand("EVALSHA", "digest").toString()).toContain("digest");
});

function ours(list: readonly Operand[]): Buffer {
  const operands = new Operands();
  for (const operand of list) operands.add(operand);
  return operands.toCommand("EVALSHA", "digest");
}

function theirs(list: readonly (string | number | Buffer)[]): Buffer {
  const command = new Command("EVALSHA", ["digest", ...list]);
  return Buffer.from(command.toWritable({}));
}
