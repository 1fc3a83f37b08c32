// What durability costs: Refrain beside BullMQ alone and beside two journals as one would write them first.
import { writeFile } from "node:fs/promises";
import { writeSection } from "./markdown.ts";
import { measure } from "./measure.ts";
import { readOptions, USAGE } from "./options.ts";
import { report } from "./report.ts";
import { targetsMarkdown } from "./targets.ts";

async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--help")) return console.log(USAGE);
  const options = readOptions(args, process.env);
  const measurements = await measure(options);
  console.log(report(measurements));
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(measurements, null, 2)}\n`);
  }
  if (options.markdown !== undefined) {
    await writeSection(options.markdown, "targets", targetsMarkdown(measurements));
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n${USAGE}` : error);
  process.exitCode = 1;
}
