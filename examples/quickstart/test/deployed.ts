import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { compile } from "./compiled.ts";
import { root } from "./compose-file.ts";

/** Lays the example out in a directory by the very command of the Dockerfile that fills the image's `/app`. */
export function deploy(dir: string): void {
  compile();
  const dockerfile = fs.readFileSync(path.join(root, "docker/Dockerfile"), "utf8");
  const command = /^RUN pnpm (?<args>.* deploy .*) \/app$/m.exec(dockerfile)?.groups?.["args"];
  if (command === undefined) throw new Error("docker/Dockerfile has no `pnpm … deploy … /app`");
  const pnpm = path.join(root, "tools/pnpm.mjs");
  execFileSync(process.execPath, [pnpm, ...command.split(" "), dir], { cwd: root, stdio: "pipe" });
}
