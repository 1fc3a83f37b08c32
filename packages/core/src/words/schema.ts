import type { StandardSchemaV1 as Schema } from "@standard-schema/spec";
import { RefrainError } from "./errors.ts";

/** A value did not pass its schema. `issues` are the schema library's own, in Standard Schema form. */
export class ValidationError extends RefrainError {
  readonly code = "VALIDATION";
  readonly issues: readonly Schema.Issue[];

  static {
    Object.defineProperty(this.prototype, "name", {
      value: "ValidationError",
      configurable: true,
      writable: true,
    });
  }

  constructor(message: string, issues: readonly Schema.Issue[]) {
    super(message);
    this.issues = issues;
  }
}

/**
 * Parses `value` with any Standard Schema; without a schema the value passes as it is.
 *
 * @param what names the value in the error: `input of action "place-order"`
 * @throws ValidationError that lists every issue with its path.
 */
export async function parseWith(
  schema: Schema | undefined,
  value: unknown,
  what: string,
): Promise<unknown> {
  if (schema === undefined) return value;
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  const lines = result.issues.map((issue) => `${pathOf(issue)}${issue.message}`);
  throw new ValidationError(`${what} is not valid: ${lines.join("; ")}`, result.issues);
}

function pathOf(issue: Schema.Issue): string {
  const keys = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
  return keys.length === 0 ? "" : `${keys.join(".")}: `;
}

/** A schema that checks nothing: states a type where a schema is wanted. */
export function typeOnly<T>(): Schema<T, T> {
  return {
    "~standard": {
      version: 1,
      vendor: "refrain",
      validate: (value) => ({ value: value as T }),
    },
  };
}
