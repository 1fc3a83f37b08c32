/**
 * Fails on an import that goes up the layers, between packages and between the files of core. Cycles within a
 * layer are the linter's business (import/no-cycle).
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** What each package's sources may import; tests, examples and the bench may import anything. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  core: [],
  "redis-store": ["@refrain/core"],
  client: ["@refrain/core"],
  worker: ["@refrain/core", "@refrain/client"],
  refrain: ["@refrain/core", "@refrain/redis-store", "@refrain/client", "@refrain/worker"],
  board: ["@refrain/core", "@refrain/redis-store", "@refrain/client"],
  testkit: ["@refrain/core", "@refrain/redis-store", "@refrain/client", "@refrain/worker"],
};

/** The folders of core's sources, from the lowest layer up; index.ts lists names of all of them. */
const CORE_LAYERS = ["words", "decisions", "ports", "stores", "calls", "attempt"];

function checkPackages(): string[] {
  return Object.entries(PACKAGES).flatMap(([name, allowed]) =>
    sourceFiles(`packages/${name}/src`).flatMap((file) =>
      importsOf(file)
        .filter((target) => /^(?:@refrain\/|refrain$)/.test(target) && !allowed.includes(target))
        .map((target) => `${file} imports ${target}; allowed: ${allowed.join(", ") || "none"}`),
    ),
  );
}

function checkCore(): string[] {
  const root = "packages/core/src";
  const levelOf = (file: string) =>
    CORE_LAYERS.indexOf(path.posix.relative(root, file).split("/")[0] ?? "");
  const files = sourceFiles(root).filter((file) => file !== `${root}/index.ts`);
  const unnamed = files
    .filter((file) => levelOf(file) === -1)
    .map((file) => `${file} is in no layer: its folder must be one of ${CORE_LAYERS.join(", ")}`);
  const upward = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => target.startsWith("."))
      .map((target) => path.posix.join(path.posix.dirname(file), target))
      .filter((target) => levelOf(target) > levelOf(file))
      .map((target) => `${file} imports ${target}, which is in a layer above it`),
  );
  return [...unnamed, ...upward];
}

function sourceFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => path.posix.join(directory, file));
}

function importsOf(file: string): string[] {
  const statements = readFileSync(file, "utf8").matchAll(/(?:from|import) ?\(?"(?<target>[^"]+)"/g);
  return [...statements].map(({ groups }) => groups?.["target"] ?? "");
}

const problems = [...checkPackages(), ...checkCore()];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
