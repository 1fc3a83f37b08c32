import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { root } from "./compose-file.ts";

/** Compiles the example and lays it out in a directory as the image does: `dist` beside the orders. */
export function layOutShop(dir: string, orders: string): void {
  const tsc = path.join(root, "node_modules/typescript/bin/tsc");
  const project = path.join(root, "examples/quickstart/tsconfig.build.json");
  execFileSync(process.execPath, [tsc, "-b", project], { stdio: "inherit" });
  fs.symlinkSync(path.join(root, "examples/quickstart/dist"), path.join(dir, "dist"));
  fs.writeFileSync(path.join(dir, "orders.ndjson"), orders);
}
