// The front door: `npm start`, `npm test`, `npm run bench` and the like. In a fresh clone it needs Node and npm, nothing else.
import "./check-node.mjs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { answer, run } from "./child.mjs";
import { providePnpm } from "./pnpm.mjs";
import { provideRedis } from "./redis-server.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const QUICKSTART = "examples/quickstart";
const BENCH = "bench";

/** The projects that are built, then what is run with a Redis at hand; `args` are the user's own. */
const TASKS = {
  start: { projects: [QUICKSTART], command: (args) => node(QUICKSTART, args) },
  test: { projects: ["*"], command: (args) => ["pnpm", ["exec", "vitest", "run", ...args]] },
  bench: { projects: [BENCH], command: (args) => node(BENCH, args) },
  scale: { projects: [BENCH], command: (args) => node(BENCH, args, "scale") },
  soak: { projects: [BENCH], command: (args) => node(BENCH, args, "soak") },
  exec: { projects: [], command: ([command, ...args]) => [command, args] },
};

function node(project, args, program = "main") {
  return [process.execPath, ["--enable-source-maps", `${project}/dist/${program}.js`, ...args]];
}

async function main([name, ...args]) {
  const task = Object.hasOwn(TASKS, name ?? "") ? TASKS[name] : undefined;
  if (task === undefined || (name === "exec" && args.length === 0)) {
    console.error(
      "usage: node tools/dev.mjs start|test|bench|scale|soak [args], or exec <command> [args]",
    );
    return 2;
  }
  process.chdir(root);
  process.env["TURBO_TELEMETRY_DISABLED"] = "1";
  process.env["TURBO_NO_UPDATE_NOTIFIER"] = "1";
  const pnpm = await providePnpm();
  const status = (await install(pnpm)) || (await build(pnpm, task.projects));
  return status || (await withRedis(...task.command(args)));
}

function install(pnpm) {
  return run(pnpm, ["install", "--frozen-lockfile", "--config.confirmModulesPurge=false"]);
}

/** Builds projects (`*`: all) with what they depend on; without turbo where that has no binary. */
function build(pnpm, projects) {
  if (projects.length === 0) return 0;
  const filters = projects.filter((name) => name !== "*").map((name) => `--filter={./${name}}...`);
  const hasTurbo = answer(pnpm, ["exec", "turbo", "--version"]) !== undefined;
  return hasTurbo
    ? run(pnpm, ["exec", "turbo", "run", "build", "--output-logs=errors-only", ...filters])
    : run(pnpm, ["-r", ...filters, "run", "build"]);
}

async function withRedis(command, args) {
  const redis = await provideRedis();
  console.log(`Redis: ${redis.url} (${redis.how})`);
  try {
    const env = { ...process.env, REDIS_URL: redis.url };
    if (redis.binary) env["REDIS_SERVER_BIN"] = redis.binary;
    return await run(command, args, { env });
  } finally {
    await redis.stop();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
