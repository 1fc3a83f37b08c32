import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildSync } from "esbuild";

const PACKAGES = fileURLToPath(new URL("../../..", import.meta.url));
const CACHE = fileURLToPath(new URL("../../node_modules/.cache/bundles", import.meta.url));
const bundles = new Map<string, string>();

/**
 * A module with all it imports in one file, which a process starts with in a fifth of the CPU time. Built once in each
 * test file.
 *
 * @param module a URL, as `new URL("./child.ts", import.meta.url)` gives it
 */
export function bundled(module: URL): string {
  const source = fileURLToPath(module);
  const bundle = bundles.get(source) ?? build(source);
  bundles.set(source, bundle);
  return bundle;
}

function build(source: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [source],
    write: false,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["@refrain/source"],
    // What a module reads from beside itself is there, and not beside the bundle.
    define: { "import.meta.url": JSON.stringify(pathToFileURL(source).href) },
    logLevel: "warning",
    // What CommonJS modules take for granted.
    banner: { js: `${REQUIRE}\n${DIRNAME}` },
  });
  const file = path.join(CACHE, `${path.relative(PACKAGES, source)}.mjs`);
  const draft = `${file}.${process.pid}`;
  mkdirSync(path.dirname(file), { recursive: true });
  for (const { contents } of outputFiles) writeFileSync(draft, contents);
  // Whole, or not there, for the test files that start the same module meanwhile.
  renameSync(draft, file);
  return file;
}

const REQUIRE =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';
const DIRNAME = "const __filename = import.meta.filename; const __dirname = import.meta.dirname;";
