import { defineAction, durable, LocalRunner } from "@refrain/core";
import { expect, test } from "vitest";

const action = defineAction<null, unknown>({ name: "act" });

/** A promise of a library that has its own idea of `then`. */
function withThen(then: () => unknown): Promise<string> {
  // oxlint-disable-next-line unicorn/no-thenable -- a misbehaving one
  return Object.assign(Promise.resolve("value"), { then }) as Promise<string>;
}

test.for<[string, () => unknown, string]>([
  ["a promise whose then gives nothing", () => withThen(() => undefined), "value"],
  [
    "a promise whose then throws",
    () =>
      withThen(() => {
        throw new Error("then");
      }),
    "value",
  ],
  [
    "a thenable that answers many times",
    () => ({
      // oxlint-disable-next-line unicorn/no-thenable -- a misbehaving one
      then: (resolve: (value: string) => void, reject: (error: Error) => void) => {
        resolve("first");
        resolve("second");
        reject(new Error("third"));
        throw new Error("fourth");
      },
    }),
    "first",
  ],
  [
    "a thenable whose then cannot be read",
    () => ({
      // oxlint-disable-next-line unicorn/no-thenable -- a misbehaving one
      get then(): never {
        throw new Error("no then");
      },
    }),
    "Error: no then",
  ],
])("%s has one outcome", async ([, start, outcome]) => {
  const odd = durable("odd", start);
  const implementation = action.implement((ctx) => ctx.durableExecute(odd).catch(String));

  const output = await new LocalRunner({ actions: [implementation] }).run(action, null);

  expect(output).toBe(outcome);
});
