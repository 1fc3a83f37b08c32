// Installs the packages the way an application gets them: packed, with npm, in empty folders outside the workspace. There the
// README's example must print what it promises, `require("refrain")` must work, and TypeScript must accept both. Wants built
// packages, pnpm on the PATH and an empty Redis at REDIS_URL: `npm run check:packed` provides the latter two.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** What an application writes to try a package that is no part of `refrain`. */
const OTHERS = `
import { createBoard, startBoard } from "@refrain/board";
import { describeStore, startRedis } from "@refrain/testkit";

console.log([createBoard, startBoard, describeStore, startRedis].map((each) => typeof each).join(" "));
`;

const COMMONJS = `
import refrain = require("refrain");

const action: refrain.Action<string, number> = refrain.defineAction({ name: "from-commonjs" });
console.log(action.name, typeof refrain.createWorker);
`;

const COMPILER_OPTIONS = {
  target: "ES2023",
  module: "NodeNext",
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  outDir: "compiled",
};

const folder = mkdtempSync(path.join(os.tmpdir(), "refrain-packed-"));
try {
  const tarballs = packAll();
  tryRefrain(tarballs);
  tryOthers(tarballs);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The tarball of each package, by the package's name. */
function packAll(): Map<string, string> {
  const destination = path.join(folder, "tarballs");
  const tarballs = new Map<string, string>();
  for (const name of readdirSync(path.join(root, "packages"))) {
    const cwd = path.join(root, "packages", name);
    const manifest = readJson(path.join(cwd, "package.json"));
    const packed = run("pnpm", ["pack", "--json", "--pack-destination", destination], cwd);
    const { filename } = JSON.parse(packed) as { filename: string };
    tarballs.set(String(manifest["name"]), path.resolve(destination, filename));
  }
  console.log(`packed: ${[...tarballs.keys()].join(", ")}`);
  return tarballs;
}

/** What the README tells people to do, and the same package from CommonJS. */
function tryRefrain(tarballs: ReadonlyMap<string, string>): void {
  const { "@refrain/board": _, "@refrain/testkit": __, ...needed } = Object.fromEntries(tarballs);
  const app = emptyFolder("app");
  install(app, [...Object.values(needed), ...tools("typescript", "tsx", "@types/node")]);

  const example = readmeExample();
  writeFileSync(path.join(app, "order.mts"), example);
  writeFileSync(path.join(app, "commonjs.cts"), COMMONJS);
  // Our declarations are checked as well, and those that they lead to.
  compile(app, { skipLibCheck: false });

  const printed = run("npx", ["tsx", "order.mts"], app);
  expectLines("the README's example", withoutLog(printed), promisedOutput(example));
  const inline = 'console.log(typeof require("refrain").createWorker)';
  expectLines('require("refrain")', lines(run("node", ["-e", inline], app)), ["function"]);
  const found = run("npx", ["refrain", "doctor", "--accept-risk", "no-persistence", "--json"], app);
  const { layout } = (JSON.parse(found) as { namespace: { layout: { shards: number } } }).namespace;
  expectLines("npx refrain doctor", [`${layout.shards} shard`], ["1 shard"]);
  const grown = run("npx", ["refrain", "shards", "--grow", "2", "--json"], app);
  const { layout: now } = JSON.parse(grown) as { layout: { shards: number } };
  expectLines("npx refrain shards", [`${now.shards} shards`], ["2 shards"]);
  const typed = lines(run("node", ["compiled/commonjs.cjs"], app));
  expectLines("a CommonJS module in TypeScript", typed, ["from-commonjs function"]);
}

/** The packages that people install beside it. */
function tryOthers(tarballs: ReadonlyMap<string, string>): void {
  const app = emptyFolder("others");
  install(app, [...tarballs.values(), ...tools("typescript", "vitest", "@types/node")]);
  writeFileSync(path.join(app, "others.mts"), OTHERS);
  compile(app, { skipLibCheck: true });

  const imported =
    'import("@refrain/board").then((board) => console.log(typeof board.createBoard))';
  expectLines("@refrain/board", lines(run("node", ["-e", imported], app)), ["function"]);
}

function emptyFolder(name: string): string {
  const empty = path.join(folder, name);
  mkdirSync(empty);
  return empty;
}

function install(app: string, packages: readonly string[]): void {
  const start = performance.now();
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...packages], app);
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(`installed in ${path.basename(app)}: ${packages.length} packages, ${seconds} s`);
}

/** Tools in the very versions that the workspace uses. */
function tools(...names: string[]): string[] {
  const catalog = readFileSync(path.join(root, "pnpm-workspace.yaml"), "utf8");
  return names.map((name) => {
    const version = new RegExp(`^ {2}"?${name}"?: (\\S+)`, "m").exec(catalog)?.[1];
    if (version === undefined) throw new Error(`pnpm-workspace.yaml does not name ${name}`);
    return `${name}@${version}`;
  });
}

function compile(app: string, options: Readonly<Record<string, unknown>>): void {
  const config = { compilerOptions: { ...COMPILER_OPTIONS, ...options } };
  writeFileSync(path.join(app, "tsconfig.json"), JSON.stringify(config));
  run("npx", ["tsc"], app);
}

function readmeExample(): string {
  const readme = readFileSync(path.join(root, "README.md"), "utf8");
  const code = /^<!-- examples\/minimal\S+ -->\n+```ts\n(?<code>[^]*?)^```$/m.exec(readme)?.groups;
  if (code?.["code"] === undefined) throw new Error("README.md shows no example");
  return code["code"];
}

function promisedOutput(example: string): string[] {
  const [, output = ""] = example.split("// Output:\n");
  return lines(output).map((line) => line.replace(/^\/\/ /, ""));
}

function withoutLog(printed: string): string[] {
  return lines(printed).filter((line) => !line.startsWith('{"level":'));
}

function lines(text: string): string[] {
  return text.trimEnd().split("\n");
}

function expectLines(what: string, printed: readonly string[], promised: readonly string[]): void {
  if (printed.join("\n") === promised.join("\n")) {
    console.log(`${what}: ok`);
    return;
  }
  throw new Error(`${what} printed\n${printed.join("\n")}\ninstead of\n${promised.join("\n")}`);
}

function readJson(file: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
}

/** What a command prints; throws with all of it when it fails. */
function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(" ")} failed with ${status}:\n${stdout}\n${stderr}`);
}
