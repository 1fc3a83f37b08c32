// `npm start`: options in, exit code out. 0: every order was booked exactly once. 1: not so. 2: it could not run.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { runDemo } from "./demo/demo.ts";
import { forgetNamespace } from "./demo/forget.ts";
import { type DemoOptions, parseOptions, USAGE } from "./demo/options.ts";

const INTERRUPTED = 130;

// Children are tethered to this process, so leaving is enough to end whatever may still be up.
process.exit(await main());

async function main(): Promise<number> {
  const options = optionsOrUsage();
  const redisUrl = process.env["REDIS_URL"];
  if (options === undefined) return 2;
  if (redisUrl === undefined) {
    console.error("REDIS_URL is not set. `npm start` finds or brings a Redis and sets it.");
    return 2;
  }
  const interrupt = onInterrupt();
  const evidenceDir = fs.mkdtempSync(path.join(os.tmpdir(), "refrain-quickstart-"));
  const namespace = `quickstart-${randomBytes(4).toString("hex")}`;
  try {
    const passed = await runDemo({ options, redisUrl, namespace, evidenceDir }, interrupt);
    return interrupt.aborted ? INTERRUPTED : passed ? 0 : 1;
  } catch (error) {
    // Whatever breaks because Ctrl-C came in the middle of it is not worth a word.
    if (interrupt.aborted) return INTERRUPTED;
    console.error(error);
    return 2;
  } finally {
    await forgetNamespace(redisUrl, namespace).catch(() => {});
    if (!options.keep) fs.rmSync(evidenceDir, { recursive: true, force: true, maxRetries: 5 });
  }
}

function optionsOrUsage(): DemoOptions | undefined {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return undefined;
  }
}

/** Aborts at the first Ctrl-C, or when whoever started us is gone; a second Ctrl-C waits for nothing. */
function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(INTERRUPTED);
      controller.abort();
    });
  }
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) controller.abort();
  }, 500).unref();
  return controller.signal;
}
