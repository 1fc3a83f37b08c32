import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { codeBlocks, documents, root } from "./support/documents.ts";

const folder = path.join(root, ".cache/snippets");

// Against the built package, as those who install it get it: `npm test` builds it first.
test("every TypeScript block of the documents compiles", async () => {
  const snippets = documents().flatMap((document) =>
    codeBlocks(document)
      .filter(({ language }) => language === "ts")
      .map(({ code, line }) => ({ name: nameOf(document.file, line), code, line })),
  );
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { name, code, line } of snippets) {
    // As many lines in front as in the document: an error then names the line there.
    const blank = "\n".repeat(line - 2);
    writeFileSync(path.join(folder, name), `export {};${blank}\n${code}`);
  }
  const files = [...snippets.map(({ name }) => name), "../../docs/snippets.d.ts"];
  writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ ...settings, files }));

  const problems = await compile();

  expect(snippets.length).toBeGreaterThan(10);
  expect(problems).toBe("");
});

const settings = {
  extends: "../../tsconfig.base.json",
  compilerOptions: {
    noEmit: true,
    composite: false,
    incremental: false,
    declaration: false,
    declarationMap: false,
    isolatedDeclarations: false,
    noUnusedLocals: false,
    customConditions: [],
    paths: {
      refrain: ["../../packages/refrain/dist/index.d.ts"],
      "@refrain/*": ["../../packages/*/dist/index.d.ts"],
      ioredis: ["../../packages/refrain/node_modules/ioredis/built/index.d.ts"],
    },
  },
};

function nameOf(file: string, line: number): string {
  return `${file.replace(/\.md$/, "").replaceAll("/", "-")}-${line}.ts`;
}

async function compile(): Promise<string> {
  const tsc = path.join(root, "node_modules/typescript/bin/tsc");
  const args = [tsc, "-p", folder, "--pretty", "false"];
  const run = promisify(execFile)(process.execPath, args, { cwd: root });
  return run.then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
}
