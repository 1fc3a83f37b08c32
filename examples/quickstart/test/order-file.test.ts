import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { distinctOrders, readOrderFile } from "../src/order-file.ts";

const mug = { id: "A-1", customer: "Ada", email: "ada@example.com", sku: "MUG-BLUE", cents: 1450 };

const lineOf = (change: object) => JSON.stringify({ ...mug, ...change });
const reasonFor = (line: string) => readOrderFile(`${line}\n`).refused[0]?.reason;

describe("readOrderFile", () => {
  it("accounts for every line, by number", () => {
    const file = readOrderFile(`${lineOf({})}\nnonsense\n\n${lineOf({ id: "A-2" })}\n`);

    expect(file.lines.map(({ line, order }) => [line, order.id])).toEqual([
      [1, "A-1"],
      [4, "A-2"],
    ]);
    expect(file.refused).toEqual([
      { line: 2, reason: "not JSON" },
      { line: 3, reason: "empty line" },
    ]);
  });

  it("reads a file without a last line break and one with Windows line ends", () => {
    expect(readOrderFile(lineOf({})).lines).toHaveLength(1);
    expect(readOrderFile(`${lineOf({})}\r\n${lineOf({ id: "A-2" })}\r\n`).lines).toHaveLength(2);
  });

  it("takes a free order, the greatest exact amount and any well-formed text", () => {
    const lines = [
      lineOf({ cents: 0 }),
      lineOf({ cents: Number.MAX_SAFE_INTEGER }),
      lineOf({ id: "注文-0042", customer: "👩‍👩‍👧" }),
      lineOf({ id: ".." }),
      lineOf({ id: "__proto__" }),
    ];

    expect(readOrderFile(lines.join("\n")).refused).toEqual([]);
  });

  it.each([
    ['{"id":"A-1","customer":"Ad', /not JSON/],
    ["null", /object/],
    [`[${lineOf({})}]`, /object/],
    ['{"id":"A-1","customer":"Ada","email":"ada@example.com","sku":"MUG-BLUE"}', /cents/],
    [lineOf({}).replace("1450", "NaN"), /not JSON/],
    [lineOf({}).replace("1450", "1e999"), /cents/],
    [lineOf({}).replace("1450", "9007199254740993"), /cents/],
    [lineOf({ cents: -1 }), /cents/],
    [lineOf({ cents: 0.5 }), /cents/],
    [lineOf({ cents: "14.50" }), /cents/],
    [lineOf({ id: "" }), /id/],
    [lineOf({ id: "x".repeat(129) }), /id/],
    [lineOf({ id: "\ud83d-half" }), /broken unicode/],
    [lineOf({ email: "nobody" }), /email/],
  ])("refuses %s", (line, reason) => {
    expect(reasonFor(line)).toMatch(reason);
  });
});

describe("distinctOrders", () => {
  it("keeps the first of each id, whatever a later line of that id says", () => {
    const { lines } = readOrderFile(
      [lineOf({}), lineOf({ id: "A-2" }), lineOf({ cents: 1 }), lineOf({})].join("\n"),
    );

    expect(distinctOrders(lines).map(({ id, cents }) => [id, cents])).toEqual([
      ["A-1", 1450],
      ["A-2", 1450],
    ]);
  });

  it("takes two spellings of one word for two ids", () => {
    const { lines } = readOrderFile(
      [lineOf({ id: "caf\u00E9" }), lineOf({ id: "cafe\u0301" })].join("\n"),
    );

    expect(distinctOrders(lines)).toHaveLength(2);
  });
});

describe("orders.ndjson", () => {
  const file = readOrderFile(
    fs.readFileSync(path.join(import.meta.dirname, "../orders.ndjson"), "utf8"),
  );

  it("holds 300 orders, 9 repeats or conflicts and 19 lines that are refused", () => {
    expect(distinctOrders(file.lines)).toHaveLength(300);
    expect(file.lines).toHaveLength(309);
    expect(file.refused).toHaveLength(19);
  });
});
