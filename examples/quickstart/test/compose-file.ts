import fs from "node:fs";
import path from "node:path";
import { parse } from "yaml";

export interface Service {
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test?: readonly string[] };
  readonly profiles?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly build?: object;
  readonly stop_grace_period?: string;
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
}

export const root = path.join(import.meta.dirname, "../../..");

/** The compose file with its anchors merged and its variables at their defaults. */
export function readCompose(): Compose {
  const source = fs.readFileSync(path.join(root, "docker-compose.yml"), "utf8");
  const withDefaults = source.replaceAll(/\$\{\w+:-(?<value>[^}]*)\}/g, "$<value>");
  return parse(withDefaults, { merge: true }) as Compose;
}
