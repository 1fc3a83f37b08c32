// The demonstration: a shop of several processes that takes a file of orders while its workers are killed.
import { once } from "node:events";
import fs from "node:fs";
import { setTimeout as elapse } from "node:timers/promises";
import { readOrderFile } from "../order-file.ts";
import { describeEnd, stopChild } from "./child.ts";
import { planKills } from "./kill-schedule.ts";
import { carryOut } from "./killer.ts";
import { Observer } from "./observer.ts";
import { type Stage, startClient } from "./processes.ts";
import { introduction, progressLine, report } from "./report.ts";
import { Screen } from "./screen.ts";
import { settings } from "./settings.ts";
import { openShop, type Shop } from "./shop.ts";
import { judge, takeTally } from "./verdict.ts";

/**
 * Runs it once and prints the verdict.
 *
 * @param interrupt ends it early; with `--keep` it is what ends it at all.
 * @returns whether every order was booked exactly once.
 */
export async function runDemo(stage: Stage, interrupt: AbortSignal): Promise<boolean> {
  const file = readOrderFile(fs.readFileSync(stage.options.ordersFile, "utf8"));
  const shop = await openShop(stage);
  try {
    if (interrupt.aborted) return false;
    console.log(introduction(stage, file, shop.boardUrl));
    const observer = new Observer(stage, shop.fleet, file);
    await takeOrders(stage, shop, observer, interrupt);
    if (!stage.options.keep) await shop.close();
    const verdict = judge(observer.evidence());
    console.log(report(verdict));
    if (stage.options.keep) await stayOpen(stage, shop, interrupt);
    return verdict.problems.length === 0;
  } finally {
    await shop.close();
  }
}

/** From the first order until all are settled, or until the time is up. */
async function takeOrders(
  stage: Stage,
  { fleet }: Shop,
  observer: Observer,
  interrupt: AbortSignal,
): Promise<void> {
  const client = startClient(stage);
  await client.started;
  observer.ordersBegan();

  const screen = new Screen(process.stdout, () => progressLine(takeTally(observer.evidence())));
  const allSettled = new AbortController();
  const killing = carryOut(planKills(stage.options.seed, settings.kills), {
    fleet,
    evidenceDir: stage.evidenceDir,
    signal: allSettled.signal,
    onKill(description) {
      observer.killed();
      screen.note(description);
    },
  });
  const end = await Promise.race([
    client.ended,
    elapse(settings.deadlineMs, undefined, { ref: false }),
    aborted(interrupt),
  ]);
  observer.ordersEnded();
  allSettled.abort();
  await killing;
  screen.close();
  if (end === undefined) await stopChild(client, 0);
  else if (end.code !== 0) observer.accident(describeEnd(client, end));
}

async function stayOpen(stage: Stage, shop: Shop, interrupt: AbortSignal): Promise<void> {
  console.log(`\nThe board stays at ${shop.boardUrl}, the evidence in ${stage.evidenceDir}.`);
  console.log("Ctrl-C ends it all.");
  await aborted(interrupt);
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, "abort");
}
