import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { type ErrorClasses, encodeError, reviveError } from "../src/decisions/error-payload.ts";
import { OutcomeUnknownError, TerminalError } from "../src/words/errors.ts";
import { msgpackCodec } from "../src/words/msgpack-codec.ts";
import { somewhere } from "./support/somewhere.ts";

function replay(thrown: unknown, classes: ErrorClasses = {}): Error {
  return reviveError(
    encodeError(thrown, msgpackCodec, somewhere, classes),
    msgpackCodec,
    somewhere,
    classes,
  );
}

class CardDeclined extends Error {
  static constructed = 0;
  readonly reason: string;
  constructor(reason: string) {
    super(`declined: ${reason}`);
    this.reason = reason;
    CardDeclined.constructed += 1;
  }
  get isFinal(): boolean {
    return this.reason === "stolen";
  }
}

test("FA-NX-17 a replayed error has its original class where that is registered", () => {
  expect(replay(new CardDeclined("x"), { CardDeclined })).toBeInstanceOf(CardDeclined);
  expect(replay(new CardDeclined("x"))).not.toBeInstanceOf(CardDeclined);
});

describe("registered classes", () => {
  const classes = { CardDeclined };

  test("FA-OBS-12 come back as themselves, without their constructor being called", () => {
    const original = new CardDeclined("stolen");
    const before = CardDeclined.constructed;

    const error = replay(original, classes) as CardDeclined;

    expect(error).toBeInstanceOf(CardDeclined);
    expect([error.name, error.message]).toEqual([original.name, original.message]);
    expect([error.reason, error.isFinal]).toEqual(["stolen", true]);
    expect(CardDeclined.constructed).toBe(before);
  });

  test("are known by their key, so minified names do no harm", () => {
    const a = class extends CardDeclined {};
    const bytes = encodeError(new CardDeclined("x"), msgpackCodec, somewhere, { CardDeclined });

    expect(reviveError(bytes, msgpackCodec, somewhere, { CardDeclined: a })).toBeInstanceOf(a);
  });

  test("take over the name of a built-in class when they ask for it", () => {
    class Special extends TypeError {}

    expect(replay(new Special("x"), { TypeError: Special })).toBeInstanceOf(Special);
  });

  test("stand in for their subclasses, which keep their own name", () => {
    class StolenCard extends CardDeclined {}

    const error = replay(new StolenCard("stolen"), classes);

    expect(Object.getPrototypeOf(error)).toBe(CardDeclined.prototype);
    expect(error.name).toBe("StolenCard");
  });

  test("that define accessors get their fields all the same", () => {
    class Locked extends Error {
      get detail(): string {
        return "from the getter";
      }
    }
    const original = Object.defineProperty(new Locked("x"), "detail", {
      value: "own",
      enumerable: true,
    });

    expect(replay(original, { Locked })).toMatchObject({ detail: "own" });
  });

  test("come back as an Error of their key where they are not registered", () => {
    const bytes = encodeError(new CardDeclined("x"), msgpackCodec, somewhere, classes);

    const error = reviveError(bytes, msgpackCodec, somewhere);

    expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
    expect(error).toMatchObject({ name: "CardDeclined", message: "declined: x", reason: "x" });
  });

  test("must be classes that extend Error", () => {
    const wrong = { Wrong: Map } as unknown as ErrorClasses;

    expect(() => encodeError(new Error("x"), msgpackCodec, somewhere, wrong)).toThrow(
      new TypeError("errors.Wrong must be a class that extends Error"),
    );
  });
});

test("Refrain's own errors come back as themselves, codes included", () => {
  const error = replay(
    new TerminalError("no", { cause: new OutcomeUnknownError({ retryAfterMs: 5 }) }),
  );

  expect(error).toBeInstanceOf(TerminalError);
  expect(error).toMatchObject({ name: "TerminalError", code: "TERMINAL" });
  expect(error.cause).toBeInstanceOf(OutcomeUnknownError);
  expect(error.cause).toMatchObject({ retryAfterMs: 5 });
});

test("a subclass of a known class is still caught as that class", () => {
  class OutOfStock extends TerminalError {}

  const error = replay(new OutOfStock("none left"));

  expect(error).toBeInstanceOf(TerminalError);
  expect(error.name).toBe("OutOfStock");
});

test("a class nobody registered comes back as an Error of its name", () => {
  class A extends Error {
    override readonly name = "PaymentError";
  }

  expect(replay(new A("x"))).toMatchObject({ name: "PaymentError", message: "x" });
  expect(replay(new DOMException("gone", "AbortError"))).toMatchObject({
    name: "AbortError",
    code: 20,
  });
  expect(replay(runInNewContext("new Error('foreign')"))).toMatchObject({ message: "foreign" });
});
