/**
 * Says whether a value must not be shown. `path` leads to it: first `input`, `output`, `error` or `job`, or `calls` and a slot and
 * `result` or `error`; then the keys inside the value, such as `["input", "card", "cvc"]`. A hidden value hides all it holds.
 */
export type Redact = (path: readonly string[]) => boolean;

const SECRET =
  /pass(word|wd|phrase|code)|secret|token|authorization|cookie|credential|api[-_]?key|private[-_]?key|card[-_]?number|\bcv[cv]\b|\biban\b/i;

/** What is hidden unless the board is told otherwise: values whose own name speaks of a secret, at any depth. */
export const redactSecrets: Redact = (path) => SECRET.test(path.at(-1) ?? "");
