import { isSecretName } from "@refrain/core";

/**
 * Says whether a value must not be shown. `path` leads to it: first `input`, `output`, `error` or `job`, or `calls` and a slot and
 * `result` or `error`; then the keys inside the value, such as `["input", "card", "cvc"]`. A hidden value hides all it holds.
 */
export type Redact = (path: readonly string[]) => boolean;

/** What is hidden unless the board is told otherwise: values whose own name speaks of a secret, at any depth. */
export const redactSecrets: Redact = (path) => isSecretName(path.at(-1) ?? "");
