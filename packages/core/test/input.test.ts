import {
  type ActionDefinition,
  argsDigest,
  defaultLimits,
  defineAction,
  definitionOf,
  msgpackCodec,
  prepareInput,
  typeOnly,
} from "@refrain/core";
import { expect, test } from "vitest";
import { z } from "zod";

const options = { runId: "run-1", codec: msgpackCodec, limits: defaultLimits };

function definition(input: z.ZodType | ReturnType<typeof typeOnly> | undefined): ActionDefinition {
  const schemas = input === undefined ? {} : { input };
  return definitionOf(defineAction({ name: "act", output: typeOnly<unknown>(), ...schemas }));
}

test.for<[string, ActionDefinition]>([
  ["without a schema", definition(undefined)],
  ["with a schema that takes its time", definition(z.object({ cents: z.number() }))],
])(
  "an input is the one that the caller gave, whatever it does to it next, %s",
  async ([, given]) => {
    const input = { cents: 100 };

    const preparing = prepareInput(given, input, options);
    input.cents = 999;
    const { bytes, digest } = await preparing;

    expect(msgpackCodec.decode(bytes)).toEqual({ cents: 100 });
    expect(digest).toBe(argsDigest([{ cents: 100 }]));
  },
);

test("an input that fails its schema is refused for that, whatever else is wrong with it", async () => {
  const preparing = prepareInput(definition(z.string()), () => 1, options);

  await expect(preparing).rejects.toMatchObject({ code: "VALIDATION" });
});

test("an input that its schema accepts and that has no digest is refused", async () => {
  const preparing = prepareInput(definition(z.any()), { callback: () => 1 }, options);

  await expect(preparing).rejects.toThrow(TypeError);
});
