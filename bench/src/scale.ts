// What many workers, many queued runs and several shards do to the figures of one.
import { describe, readMachine } from "./machine.ts";
import { markdownTable, writeSection } from "./markdown.ts";
import { quietServer } from "./quiet-server.ts";
import { measureScale } from "./scale/measure-scale.ts";
import { readScaleOptions, USAGE } from "./scale/options.ts";
import { tablesOf } from "./scale/tables.ts";
import { textTable } from "./text-table.ts";

async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--help")) return console.log(USAGE);
  const options = readScaleOptions(args, process.env);
  const { rounds, redisUrl, markdown } = options;
  const machine = await readMachine(redisUrl);
  const undo = await quietServer(redisUrl);
  const tables = tablesOf(await measureScale(options));
  await undo();
  const conditions = `${describe(machine)}; runs are W(10), ${rounds} rounds, medians (smallest-largest)`;
  const text = tables.map(({ head, rows }) => textTable(head, rows));
  console.log([conditions, ...text].join("\n\n"));
  if (markdown === undefined) return;
  const sections = tables.map(({ head, rows }) => markdownTable(head, rows));
  await writeSection(markdown, "scale", [`${conditions}.`, ...sections].join("\n\n"));
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n${USAGE}` : error);
  process.exitCode = 1;
}
