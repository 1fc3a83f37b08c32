import type { Risk } from "@refrain/redis-store";

const RISKS: readonly unknown[] = ["no-persistence", "plaintext"] satisfies readonly Risk[];

/** @throws TypeError unless it is a list of risks that can be accepted. */
export function checkRisks(where: string, risks: unknown): asserts risks is readonly Risk[] {
  if (Array.isArray(risks) && risks.every((risk) => RISKS.includes(risk))) return;
  throw new TypeError(
    `${where} must be a list of ${RISKS.join(" and ")}, not ${JSON.stringify(risks)}`,
  );
}
