/** What every supported Node has and the ES2023 library does not declare yet. */
interface UnicodeText {
  isWellFormed(): boolean;
  toWellFormed(): string;
}

/** Whether a text has no lone surrogate: half a character, which has no UTF-8 and would not come back as it was. */
export function isWellFormed(text: string): boolean {
  return (text as unknown as UnicodeText).isWellFormed();
}

/** The text with U+FFFD in place of each lone surrogate. */
export function toWellFormed(text: string): string {
  return (text as unknown as UnicodeText).toWellFormed();
}
