/**
 * Writes src/scripts.generated.ts from lua/*.lua: each script's source with its includes inlined, its digest, and the
 * type its headers state. With --check, fails when that file is stale.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { generate } from "./generate.ts";

const OUTPUT = new URL("../src/scripts.generated.ts", import.meta.url);
const generated = generate(new URL("../lua/", import.meta.url));

if (!process.argv.includes("--check")) writeFileSync(OUTPUT, generated);
else if (readFileSync(OUTPUT, "utf8") !== generated) {
  throw new Error("src/scripts.generated.ts is stale: run `pnpm run gen`");
}
