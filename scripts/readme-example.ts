// Puts the minimal example into the README, so that what people read is what the tests run. `--check` writes nothing and fails
// when the README shows something else.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const README = path.join(root, "README.md");
const EXAMPLE = "examples/minimal/src/main.ts";

/** The comment that names the file, then the code block that shows it. */
const shown = new RegExp(`(<!-- ${EXAMPLE} -->\n\`\`\`ts\n)[^]*?(\`\`\`\n)`);

const readme = readFileSync(README, "utf8");
const code = readFileSync(path.join(root, EXAMPLE), "utf8");
if (!shown.test(readme)) throw new Error(`README.md has no code block for ${EXAMPLE}`);
const wanted = readme.replace(
  shown,
  (_, before: string, after: string) => `${before}${code}${after}`,
);

if (!process.argv.includes("--check")) {
  writeFileSync(README, wanted);
} else if (readme !== wanted) {
  console.error(`README.md does not show ${EXAMPLE} as it is: run \`pnpm run gen\``);
  process.exitCode = 1;
}
