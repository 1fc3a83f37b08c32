import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";

/** A user of a server, for one test. */
export interface WorkerUser {
  /** The server's URL with this user's name in it. */
  urlOf(url: string): string;
  /** Removes the user; what it was refused, each by the command's name. */
  remove(): Promise<string[]>;
}

/** The rules that the package `refrain` ships for workers and clients, for one namespace, and without some of its commands. */
export function workerRules(namespace: string, without: readonly string[] = []): string[] {
  const file = new URL("../../refrain/acl/worker.acl", import.meta.url);
  const [, , ...rules] = readFileSync(file, "utf8").trim().split(" ");
  return rules
    .filter((rule) => !without.includes(rule.slice(1)))
    .map((rule) => rule.replace("{refrain:", `{${namespace}:`).replace(/^#.*/, ">secret"));
}

/** @param more rules after those of the file */
export async function addWorkerUser(
  admin: Redis,
  namespace: string,
  more: readonly string[] = [],
): Promise<WorkerUser> {
  await admin.acl("SETUSER", namespace, ...workerRules(namespace), ...more);
  return {
    urlOf(url) {
      const own = new URL(url);
      [own.username, own.password] = [namespace, "secret"];
      return own.href;
    },
    async remove() {
      const log = (await admin.acl("LOG")) as string[][];
      await admin.acl("DELUSER", namespace);
      return log.filter((entry) => entry.includes(namespace)).map((entry) => entry[7] ?? "");
    },
  };
}
