#!/usr/bin/env node
// The command `refrain`.
import { readFileSync } from "node:fs";
import { RefrainError } from "@refrain/core";
import { DOCTOR_USAGE, doctor } from "./doctor.ts";
import { SHARDS_USAGE, shards } from "./shards.ts";

const USAGE = `refrain <command>

  doctor      looks at a Redis server and a namespace, and names what is wrong with them
  shards      shows over how many shards the runs of a namespace spread, and has it grow

  --help      of a command, too
  --version`;

interface Command {
  readonly run: (args: readonly string[]) => Promise<number>;
  readonly usage: string;
}

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["doctor", { run: doctor, usage: DOCTOR_USAGE }],
  ["shards", { run: shards, usage: SHARDS_USAGE }],
]);

const [command, ...args] = process.argv.slice(2);
process.exitCode = await run(command, args);

async function run(name: string | undefined, rest: readonly string[]): Promise<number> {
  if (name === "--version") return print(version());
  if (name === "--help" || name === "help") return print(USAGE);
  if (name === undefined) return fail(USAGE);
  const known = COMMANDS.get(name);
  if (known === undefined) return fail(`unknown command ${name}\n\n${USAGE}`);
  if (rest.includes("--help")) return print(known.usage);
  try {
    return await known.run(rest);
  } catch (error) {
    if (error instanceof TypeError) return fail(`${error.message}\n\n${known.usage}`);
    if (error instanceof RefrainError) return fail(error.message);
    throw error;
  }
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

/** What could not be done at all is 2: what was found is 1. */
function fail(text: string): number {
  process.stderr.write(`${text}\n`);
  return 2;
}

function version(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
