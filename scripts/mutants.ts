/**
 * Puts small faults into the product, one by one, and runs the test that must notice: it fails with the fault, and passes
 * without. `pnpm mutants` tries all, `pnpm mutants <part of a name>` those.
 */
import { startVitest, type TestModule } from "vitest/node";
import config from "../vitest.config.ts";
import { mutants } from "./mutants/all.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { checkMutant, mutantPlugin } from "./mutants/plugin.ts";

/** The project that tests the product as it is. */
const SOUND = "sound";

const [wanted = ""] = process.argv.slice(2);
const chosen = [...mutants].filter(([name]) => name.includes(wanted));
if (chosen.length === 0) throw new Error(`no mutant has "${wanted}" in its name`);
for (const [name, mutant] of chosen) checkMutant(name, mutant);

// Tests run as ever, not through the loader that runs this script.
process.execArgv.length = 0;
const modules = await runTests(chosen);
let escaped = 0;
for (const [name, mutant] of chosen) {
  const flaw = flawOf(mutant, resultsOf(modules, name, mutant), resultsOf(modules, SOUND, mutant));
  console.log(`${flaw === undefined ? "caught " : "ESCAPED"}  ${name}`);
  if (flaw === undefined) continue;
  console.log(`         ${mutant.caughtBy.file}: "${mutant.caughtBy.title}" ${flaw}`);
  escaped += 1;
}
console.log(`${chosen.length - escaped} of ${chosen.length} mutants caught`);
process.exitCode = escaped > 0 ? 1 : 0;

/** Every mutant is a project of its own, with the source that it changes. */
async function runTests(all: readonly (readonly [string, Mutant])[]): Promise<TestModule[]> {
  const files = new Set(all.map(([, { caughtBy }]) => caughtBy.file));
  const titles = new Set(all.map(([, { caughtBy }]) => escape(caughtBy.title)));
  // Not `extends`: that would add the files of every test.
  const { resolve = {}, ssr = {} } = config;
  const vitest = await startVitest("test", [], {
    watch: false,
    reporters: [{}],
    testNamePattern: [...titles].join("|"),
    projects: [
      { resolve, ssr, test: { name: SOUND, include: [...files] } },
      ...all.map(([name, mutant]) => ({
        resolve,
        ssr,
        plugins: [mutantPlugin(name, mutant)],
        test: { name, include: [mutant.caughtBy.file] },
      })),
    ],
  });
  await vitest.close();
  return vitest.state.getTestModules();
}

/** What became of a mutant's test in a project: "passed", "failed" ... once per test of that title. */
function resultsOf(all: readonly TestModule[], project: string, { caughtBy }: Mutant): string[] {
  return all
    .filter((module) => module.project.name === project)
    .filter((module) => module.moduleId.endsWith(caughtBy.file))
    .flatMap((module) => Array.from(module.children.allTests()))
    .filter((test) => test.fullName.includes(caughtBy.title))
    .map((test) => test.result().state);
}

/** Why the test does not show that it catches the mutant; undefined when it does. */
function flawOf(
  mutant: Mutant,
  withFault: readonly string[],
  without: readonly string[],
): string | undefined {
  if (without.length === 0) return `is not in ${mutant.caughtBy.file}`;
  if (without.some((state) => state !== "passed")) return "fails without the fault";
  if (withFault.includes("failed")) return undefined;
  // Such a fault proves nothing: any test would fail.
  return withFault.length === 0 ? "could not be loaded with the fault" : "passes with the fault";
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
