const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** The place of a member inside a value, as one would write it in code: `result.items[3]["content-type"]`. */
export function memberPath(parent: string, key: string | number): string {
  if (typeof key === "number") return `${parent}[${key}]`;
  if (IDENTIFIER.test(key)) return `${parent}.${key}`;
  return `${parent}[${JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}…` : key)}]`;
}
