const NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/** Refuses options that nobody reads: a misspelt one would be ignored in silence. */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${where}: options must be an object`);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw new TypeError(`${where}: unknown option "${key}"; known are ${known.join(", ")}`);
  }
}

/** Names become parts of Redis keys and of log fields, so they are kept plain. */
export function checkName(what: string, name: unknown): void {
  if (typeof name === "string" && NAME.test(name)) return;
  throw new TypeError(
    `${what} must be 1 to 128 letters, digits, "_", "-" or ".", not ${JSON.stringify(name)}`,
  );
}
