import {
  aesGcmCodec,
  type Codec,
  type DurableContext,
  defaultLimits,
  defineAction,
  definitionOf,
  durable,
  LimitExceededError,
  type Limits,
  msgpackCodec,
  prepareInput,
} from "@refrain/core";
import { describe, expect, test } from "vitest";
import { crashAfter } from "./support/crash-after.ts";
import { Drive } from "./support/drive.ts";
import { somewhere } from "./support/somewhere.ts";

const action = defineAction<null, unknown>({ name: "act" });
const encrypting = aesGcmCodec({ keys: { k: Buffer.alloc(32, 1) }, primaryKeyId: "k" });
const codecs: readonly (readonly [string, Codec])[] = [
  ["msgpack", msgpackCodec],
  ["encrypted", encrypting],
];

const text = "x".repeat(5000);

function limitedTo(limits: Partial<Limits>): Limits {
  return { ...defaultLimits, ...limits };
}

/** The stored size of `text`, plus so much. */
function sizeOfText(codec: Codec, more: number): number {
  return codec.encode(text, somewhere).byteLength + more;
}

describe.each(codecs)("F17 around the limit for one value, %s", (_, codec) => {
  test.for([0, 1])("a result that leaves %d bytes is recorded", async (room) => {
    const limits = limitedTo({ maxValueBytes: sizeOfText(codec, room) });
    const drive = new Drive({ limits, codec });
    const large = durable("large", async () => text);
    await drive.create(action);

    const attempt = await drive.attempt(action.implement((ctx) => ctx.durableExecute(large)));

    expect(await attempt.done).toEqual({ kind: "settled", status: "SUCCEEDED" });
    expect(await drive.outcome()).toBe(text);
  });

  test("one byte more is a recorded failure: the effect has happened, and is not repeated", async () => {
    const limits = limitedTo({ maxValueBytes: sizeOfText(codec, -1) });
    const drive = new Drive({ limits, codec });
    const seen: unknown[] = [];
    let ran = 0;
    const large = durable("large", async () => {
      ran += 1;
      return text;
    });
    const handler = async (ctx: DurableContext): Promise<void> => {
      seen.push(await ctx.durableExecute(large).catch((error: unknown) => error));
    };
    await drive.create(action);
    await crashAfter(drive, action, handler);

    const attempt = await drive.attempt(action.implement(handler));

    expect(await attempt.done).toEqual({ kind: "settled", status: "SUCCEEDED" });
    expect(ran).toBe(1);
    const size = sizeOfText(codec, 0);
    const message = expect.stringContaining(
      `slot 0: large took effect, but its result cannot be stored: ${size} bytes are over the limit for one value (${size - 1} bytes)`,
    );
    expect(seen).toMatchObject([
      { code: "SERIALIZATION", message },
      { code: "SERIALIZATION", message },
    ]);
  });

  test.for([
    [0, "SUCCEEDED"],
    [-1, "FAILED"],
  ] as const)("an output that leaves %d bytes ends its run %s", async ([room, status]) => {
    const limits = limitedTo({ maxValueBytes: sizeOfText(codec, room) });
    const drive = new Drive({ limits, codec });
    await drive.create(action);

    const attempt = await drive.attempt(action.implement(() => text));

    expect(await attempt.done).toEqual({ kind: "settled", status });
  });

  test("an input of that size is taken, and one byte more is refused before anything is sent", async () => {
    const inputOf = (room: number): Promise<unknown> => {
      const limits = limitedTo({ maxValueBytes: sizeOfText(codec, room) });
      return prepareInput(definitionOf(action), text, { runId: "run-1", codec, limits });
    };

    await expect(inputOf(0)).resolves.toMatchObject({ bytes: expect.any(Uint8Array) });
    await expect(inputOf(-1)).rejects.toThrow(LimitExceededError);
  });
});

describe("F17 around the limit for a run", () => {
  test("what no longer fits into the journal is a recorded failure, and the next call never starts", async () => {
    const drive = new Drive({ limits: limitedTo({ maxJournalBytes: 3 * 5100 }) });
    const ran: number[] = [];
    const large = durable("large", async (index: number) => {
      ran.push(index);
      return text;
    });
    const fill = durable("fill", async (bytes: number) => "y".repeat(bytes));
    const failures: unknown[] = [];
    await drive.create(action);

    const attempt = await drive.attempt(
      action.implement(async (ctx) => {
        for (let index = 0; index < 3; index += 1) {
          await ctx.durableExecute(large, [index]).catch((error: unknown) => failures.push(error));
        }
        for (;;) await ctx.durableExecute(fill, [100]);
      }),
    );
    await attempt.done;

    expect(ran).toEqual([0, 1, 2]);
    expect(failures).toMatchObject([]);
    expect(await drive.outcome()).toMatchObject({
      message: expect.stringMatching(/room left in the run's journal|the journal is full/),
    });
  });

  test.for([1, 2])(
    "a run may have %d calls when that is the limit, and not one more",
    async (maxCalls) => {
      const drive = new Drive({ limits: limitedTo({ maxCalls }) });
      let ran = 0;
      const step = durable("step", async () => {
        ran += 1;
      });
      const make = (calls: number) =>
        action.implement(async (ctx) => {
          for (let index = 0; index < calls; index += 1) await ctx.durableExecute(step);
        });
      await drive.create(action);

      const attempt = await drive.attempt(make(maxCalls + 1));
      await attempt.done;

      expect(ran).toBe(maxCalls);
      expect(await drive.outcome()).toMatchObject({
        name: "LimitExceededError",
        message: expect.stringContaining(
          `run run-1, slot ${maxCalls} (step): a run may have ${maxCalls} calls`,
        ),
      });
    },
  );
});
