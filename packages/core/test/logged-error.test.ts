import { isSecretName, loggedError } from "@refrain/core";
import { expect, test } from "vitest";

test("what is logged of an error is its name, message, code, stack and causes", () => {
  const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  const error = new RangeError("too far", { cause });

  expect(loggedError(error)).toEqual({
    type: "RangeError",
    message: "too far",
    stack: error.stack,
    cause: { type: "Error", message: "refused", code: "ECONNREFUSED", stack: cause.stack },
  });
});

test("its own fields are not, nor those of its causes", () => {
  const request = { headers: { authorization: "Bearer t-1" } };
  const cause = Object.assign(new Error("401"), { request });
  const error = Object.assign(new Error("failed", { cause }), { config: request, body: "t-1" });

  expect(JSON.stringify(loggedError(error))).not.toContain("t-1");
});

test("texts and causes are bounded", () => {
  const long = Array.from({ length: 20 }).reduce<Error>(
    (cause) => new Error("x".repeat(100_000), { cause }),
    new Error("first"),
  );

  expect(JSON.stringify(loggedError(long)).length).toBeLessThan(6 * 2 * 8200 + 1000);
  expect(loggedError(long)).toHaveProperty("cause.cause.cause.cause.cause.message");
  expect(loggedError(long)).not.toHaveProperty("cause.cause.cause.cause.cause.cause");
});

test.for<[string, () => unknown, string]>([
  ["undefined", () => undefined, "undefined was thrown, which is not an Error"],
  ["a text", () => "no", "no"],
  ["an object", () => ({ secret: "t-1" }), "an object was thrown, which is not an Error"],
  [
    "a proxy that throws",
    () =>
      new Proxy(
        {},
        {
          get: () => {
            throw new Error("trap");
          },
        },
      ),
    "an object was thrown, which is not an Error",
  ],
])("F26 %s may be logged, too", ([, make, message]) => {
  const logged = loggedError(make());

  expect(logged).toMatchObject({ type: "Error", message });
  expect(JSON.stringify(logged)).not.toContain("t-1");
});

const SECRET_NAMES = `password passwd PassPhrase pass clientSecret accessToken Authorization auth cookie set-cookie credentials
  apiKey api_key api-key privateKey cardNumber card_number card cvc cvv2 iban ssn pin`;

test.for(SECRET_NAMES.split(/\s+/))("%s sounds secret", (name) => {
  expect(isSecretName(name)).toBe(true);
});

test.for(["author", "passenger", "compass", "discard", "cardinality", "pinned", "id", "key", ""])(
  "%s does not",
  (name) => {
    expect(isSecretName(name)).toBe(false);
  },
);
