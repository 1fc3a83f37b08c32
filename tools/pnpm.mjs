// The pnpm that package.json pins, kept in .tools: nothing global is needed or touched.
// Run directly, it passes its arguments on: `node tools/pnpm.mjs run build`.
import "./check-node.mjs";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { answer, run } from "./child.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Installs the pinned pnpm unless it is there, and puts it on this process's PATH, where turbo looks for it. */
export async function providePnpm() {
  const manifest = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));
  const version = manifest.packageManager.replace("pnpm@", "");
  const home = path.join(root, ".tools", `pnpm-${version}`);
  const bin = path.join(home, "node_modules", ".bin");
  const pnpm = path.join(bin, "pnpm");
  // Asked from outside the workspace, so that pnpm answers for itself and not for the pin.
  if (answer(pnpm, ["--version"], { cwd: os.tmpdir() }) !== version) {
    console.log(`Installing pnpm ${version} into .tools`);
    const quiet = ["--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
    const status = await run("npm", ["install", "--prefix", home, ...quiet, `pnpm@${version}`]);
    if (status !== 0) throw new Error(`npm could not install pnpm ${version} (exit ${status})`);
  }
  process.env["PATH"] = bin + path.delimiter + process.env["PATH"];
  return pnpm;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await run(await providePnpm(), process.argv.slice(2));
}
