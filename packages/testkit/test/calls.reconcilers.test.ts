import { type CallOptions, durable } from "@refrain/core";
import { expect, it, vi } from "vitest";
import { actionOf } from "./support/bench.ts";
import { pendingSeed } from "./support/seeds.ts";
import { describeOnStores } from "./support/stores.ts";

describeOnStores("reconcilers", (bench) => {
  const fn = vi.fn(() => 1);
  const call = durable("call", fn);

  it("FA-RV-01: no reconciler is accepted, and makes the call completion-only", async () => {
    const action = actionOf((ctx) => ctx.durableExecute(call, [], { reconciler: undefined }));

    const report = await bench().run(action);

    expect([report.output, report.ops]).toEqual([1, ["record"]]);
  });

  it("FA-RV-02: a function without parameters is asked as it is", async () => {
    const reconciler = vi.fn(() => 2);
    const action = actionOf((ctx) => ctx.durableExecute(call, [], { reconciler }));

    const report = await bench().run(action, { journal: [pendingSeed(call)] });

    expect([report.output, reconciler.mock.calls]).toEqual([2, [[]]]);
  });

  it("FA-RV-03: a bound method with no parameters left is accepted", async () => {
    class Gateway {
      readonly found = 3;
      find(offset: number): number {
        return this.found + offset;
      }
    }
    const reconciler = Gateway.prototype.find.bind(new Gateway(), 4);
    const action = actionOf((ctx) => ctx.durableExecute(call, [], { reconciler }));

    const report = await bench().run(action, { journal: [pendingSeed(call)] });

    expect(report.output).toBe(7);
  });

  it("FA-RV-04: what is not callable is refused when the call is made", async () => {
    fn.mockClear();
    for (const notCallable of [1, "find", {}, null, Promise.resolve(1)]) {
      const options = { reconciler: notCallable } as unknown as CallOptions<number>;

      const report = await bench().run(actionOf((ctx) => ctx.durableExecute(call, [], options)));

      expect(report.error).toMatchObject({
        name: "TypeError",
        message: expect.stringContaining("reconciler must be callable"),
      });
      expect(report.ops).toEqual([]);
    }
    expect(fn).not.toHaveBeenCalled();
  });

  it("FA-RV-05: what needs an argument is refused when the call is made", async () => {
    const options = { reconciler: (id: string) => id.length } as unknown as CallOptions<number>;

    const report = await bench().run(actionOf((ctx) => ctx.durableExecute(call, [], options)));

    expect(report.error).toMatchObject({
      name: "TypeError",
      message: expect.stringContaining("reconciler must be a callable that takes no arguments"),
    });
    expect(report.ops).toEqual([]);
  });
});
