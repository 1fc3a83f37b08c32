import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startRedis } from "@refrain/testkit";
import { expect, test } from "vitest";

const source = readFileSync(new URL("../src/main.ts", import.meta.url), "utf8");
const promised = source.slice(source.indexOf("// Output:\n")).match(/(?<=^\/\/ ).+$/gm) ?? [];
const [, ...output] = promised;

test("the example prints its output, and run again only the outcome that its run has", async () => {
  await using redis = await startRedis();

  const first = await runExample(redis.url);
  const second = await runExample(redis.url);

  expect(output).toHaveLength(4);
  expect(first).toEqual(output);
  expect(second).toEqual(output.slice(-1));
});

/** What the built example prints, without the worker's log; `npm test` builds it first. */
async function runExample(redisUrl: string): Promise<string[]> {
  const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
  const env = { ...process.env, REDIS_URL: redisUrl };
  const { stdout } = await promisify(execFile)(process.execPath, [main], { env });
  return stdout
    .trimEnd()
    .split("\n")
    .filter((line) => !line.startsWith('{"level":'));
}
