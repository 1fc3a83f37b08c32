import path from "node:path";
import { describe, expect, it } from "vitest";
import { parseOptions } from "../src/demo/options.ts";

describe("parseOptions", () => {
  it("has a fixed seed, the shop's own orders and reconcilers unless told otherwise", () => {
    const options = parseOptions([]);

    expect(options).toMatchObject({ seed: 1, reconcilers: true, keep: false });
    expect(path.basename(options.ordersFile)).toBe("orders.ndjson");
  });

  it("takes all it knows", () => {
    expect(
      parseOptions(["--seed", "42", "--keep", "--no-reconcilers", "--orders", "/tmp/some"]),
    ).toEqual({ seed: 42, ordersFile: "/tmp/some", reconcilers: false, keep: true });
  });

  it.each([
    [["--seed", "x"]],
    [["--seed", "1.5"]],
    [["--seed", "-1"]],
    [["--seed="]],
    [["--seed"]],
    [["--sed", "1"]],
    [["1"]],
  ])("refuses %j", (args) => {
    expect(() => parseOptions(args)).toThrow(TypeError);
  });
});
