import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { eventually, type RedisServer, startRedis } from "@refrain/testkit";
import { Redis } from "ioredis";
import { afterAll, describe, expect, it } from "vitest";
import { claimedRun, openStore, recordGroup, slotsOf, words } from "./store-bench.ts";

const disks: string[] = [];

/** A disk of 4 MB. */
function smallDisk(): string {
  const dir = mkdtempSync(path.join(os.tmpdir(), "refrain-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", dir], { stdio: "ignore" });
  } catch (error) {
    rmSync(dir, { recursive: true });
    throw error;
  }
  disks.push(dir);
  return dir;
}

/** Whoever only lists tests must leave no disk behind. */
function mayMount(): boolean {
  try {
    removeDisk(smallDisk());
    return true;
  } catch {
    return false;
  }
}

function removeDisk(dir: string): void {
  execFileSync("umount", ["--lazy", dir]);
  rmSync(dir, { recursive: true });
  disks.splice(disks.indexOf(dir), 1);
}

/** Leaves no byte free, whatever the size of a page. */
function fill(dir: string): void {
  for (const size of [65_536, 4096, 512]) {
    try {
      for (let n = 0; ; n++)
        writeFileSync(path.join(dir, `filler-${size}-${n}`), Buffer.alloc(size));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
    }
  }
}

function empty(dir: string): void {
  execFileSync("sh", ["-c", 'rm -f "$1"/filler-*', "sh", dir]);
}

const servers: RedisServer[] = [];

afterAll(async () => {
  for (const server of servers) await server.stop();
  while (disks[0] !== undefined) removeDisk(disks[0]);
});

const isPossible = mayMount();
const reason = isPossible ? "" : " (skipped: this user may not mount a tmpfs)";

describe.skipIf(!isPossible)(`F7 a full disk${reason}`, () => {
  it("under appendfsync everysec stops writes until there is space, and loses nothing acknowledged", async () => {
    const dir = smallDisk();
    const server = await startRedis({ dir });
    servers.push(server);
    await using bench = await openStore({ url: server.url });
    const { run, delivery } = await claimedRun(bench);
    fill(dir);

    const replies: string[] = [];
    let n = 1;
    const writing = (async () => {
      // Enough for the server to notice that it cannot write, and for some of it to wait for space.
      for (; n <= 12; n++) {
        const bytes = Buffer.alloc(16_384, n);
        replies.push(
          ...words(await bench.port.send([recordGroup(delivery, n, { slot: n, bytes })])),
        );
      }
    })();
    const admin = new Redis(server.url);
    await eventually(() => expect(admin.set("probe", "1")).rejects.toThrow(/^MISCONF/));
    const answeredWhileFull = replies.length;
    empty(dir);
    await writing;

    expect(answeredWhileFull).toBeLessThan(12);
    expect(new Set(replies)).toEqual(new Set(["applied"]));
    await eventually(async () =>
      expect(await admin.info("persistence")).toMatch(/aof_last_write_status:ok/),
    );
    admin.disconnect();
    await server.restart();
    await eventually(async () => expect(await slotsOf(bench, run.runId)).toHaveLength(12));
  }, 40_000);

  it("under appendfsync always ends the server, and nothing acknowledged is lost when it is back", async () => {
    const dir = smallDisk();
    const server = await startRedis({ dir, appendfsync: "always" });
    servers.push(server);
    await using bench = await openStore({ url: server.url });
    bench.redis.on("error", () => {});
    const { run, delivery } = await claimedRun(bench);
    await bench.port.send([recordGroup(delivery, 1, { slot: 1 })]);
    const ended = new Promise((resolve) => bench.redis.once("close", resolve));
    fill(dir);

    const bytes = Buffer.alloc(65_536, 2);
    const sent = bench.port.send([recordGroup(delivery, 2, { slot: 2, bytes })]);
    await ended;
    empty(dir);
    await server.restart();

    expect(["applied", "same"]).toContain(words(await sent)[0]);
    expect(words(await bench.port.send([recordGroup(delivery, 3, { slot: 3 })]))).toEqual([
      "applied",
    ]);
    expect(await slotsOf(bench, run.runId)).toEqual(["1", "2", "3"]);
  }, 40_000);
});
