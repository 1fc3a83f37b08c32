import { isError, isErrorCode, normaliseThrown, readSafely } from "./thrown.ts";

/** What a line of the log holds of an error. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

const MAX_CHARACTERS = 8 * 1024;
const MAX_CAUSES = 5;

/**
 * What of an error may be logged: name, message, code and stack, at most 8,192 characters each, and its causes, 5 deep. Its own
 * fields never are: the error of an HTTP client holds the request with its headers, that of a Redis client the command with the
 * values. Never throws.
 */
export function loggedError(thrown: unknown): LoggedError {
  return describe(normaliseThrown(thrown), MAX_CAUSES);
}

function describe(error: Error, causes: number): LoggedError {
  const code = readSafely(error, "code");
  const stack = readSafely(error, "stack");
  const cause = readSafely(error, "cause");
  return {
    type: text(readSafely(error, "name")) ?? "Error",
    message: text(readSafely(error, "message")) ?? "",
    ...(isErrorCode(code) && { code: text(code) ?? code }),
    ...(typeof stack === "string" && { stack: cut(stack) }),
    ...(causes > 0 && isError(cause) && { cause: describe(cause, causes - 1) }),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? cut(value) : undefined;
}

function cut(value: string): string {
  return value.length <= MAX_CHARACTERS ? value : `${value.slice(0, MAX_CHARACTERS - 1)}…`;
}
