/** @throws TypeError on what is no whole number above 0. */
export function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new TypeError(`${option} must be a whole number above 0, not "${text}"`);
}
