import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Plugin } from "vitest/config";
import { generate } from "../../packages/redis-store/scripts/generate.ts";
import { type Mutant, mutate } from "./mutant.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LUA = path.join(ROOT, "packages/redis-store/lua");

/** Has Vitest load the mutant in place of the source. No file is changed. */
export function mutantPlugin(name: string, mutant: Mutant): Plugin {
  const isLua = mutant.file.endsWith(".lua");
  const loaded = isLua ? "packages/redis-store/src/scripts.generated.ts" : mutant.file;
  return {
    name: "mutant",
    enforce: "pre",
    transform(source, id) {
      if (id.split("?")[0] !== path.join(ROOT, loaded)) return undefined;
      return {
        code: isLua ? generatedFrom(name, mutant) : mutate(name, mutant, source),
        map: null,
      };
    },
  };
}

/** @throws Error when the mutant does not fit the product any more. */
export function checkMutant(name: string, mutant: Mutant): void {
  mutate(name, mutant, readFileSync(path.join(ROOT, mutant.file), "utf8"));
}

function generatedFrom(name: string, mutant: Mutant): string {
  const copy = mkdtempSync(path.join(os.tmpdir(), "refrain-"));
  try {
    cpSync(LUA, copy, { recursive: true });
    const file = path.join(copy, path.relative(LUA, path.join(ROOT, mutant.file)));
    writeFileSync(file, mutate(name, mutant, readFileSync(file, "utf8")));
    return generate(pathToFileURL(`${copy}/`));
  } finally {
    rmSync(copy, { recursive: true });
  }
}
