import { readDocument } from "./documents.ts";

/** A section of docs/writing-actions.md about one warning. */
export interface DocumentedWarning {
  readonly name: string;
  /** The beginning of its message; `<…>` stands for what differs. */
  readonly symptom: string;
}

export function documentedWarnings(): DocumentedWarning[] {
  const { text } = readDocument("docs/writing-actions.md");
  const part = text.split(/^## /m).find((section) => section.startsWith("Warnings\n")) ?? "";
  return part
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [name = "", , symptom = ""] = section.split("\n");
      return { name, symptom: symptom.replaceAll("`", "") };
    });
}

/** The warnings whose message begins like this one. */
export function warningsLike(message: string): string[] {
  return documentedWarnings()
    .filter(({ symptom }) => patternOf(symptom).test(message))
    .map(({ name }) => name);
}

/** The clauses of a message, of two words or more, that are the same every time. */
export function fixedClauses(message: string): string[] {
  return message
    .split(/<[^>]+>|[:;,.()]/)
    .map((clause) => clause.trim())
    .filter((clause) => clause.includes(" "));
}

function patternOf(symptom: string): RegExp {
  const parts = symptom
    .split(/<[^>]+>/)
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(".+")}`);
}
