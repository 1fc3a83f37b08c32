import { defineAction, LocalRunner } from "@refrain/core";
import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.restoreAllMocks();
});

test("an outcome is given however short its retention and however slow the machine", async () => {
  const action = defineAction<null, string>({ name: "act" });
  const implementation = action.implement(() => "done", { retention: { succeededMs: 1 } });
  let now = 0;
  vi.spyOn(Date, "now").mockImplementation(() => (now += 1000));

  const output = await new LocalRunner({ actions: [implementation] }).run(action, null);

  expect(output).toBe("done");
});
