import type { Harness } from "./harness.ts";

/** The scripts that reach the harness's server from now on, each by its keys. */
export async function scriptKeys(harness: Harness): Promise<string[][]> {
  const scripts: string[][] = [];
  const monitor = await harness.redis().monitor();
  harness.defer(async () => monitor.disconnect());
  monitor.on("monitor", (_time: string, [command = "", , count, ...operands]: string[]) => {
    if (/^eval/i.test(command)) scripts.push(operands.slice(0, Number(count)));
  });
  return scripts;
}
