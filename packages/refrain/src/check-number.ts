/** @throws TypeError unless `value` is a whole number within the bounds. */
export function checkWhole(what: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new TypeError(`${what} must be a whole number from ${min} to ${max}, not ${String(value)}`);
}
