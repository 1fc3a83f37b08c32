import { readFileSync } from "node:fs";
import { Redis } from "ioredis";

/** A user of the files that the package ships. */
export type AclUser = "worker" | "viewer";

/**
 * The rules that the package ships for a user, for every namespace. Its name is the user's and its password "secret".
 *
 * @param without commands to leave out
 */
export function aclRules(user: AclUser, without: readonly string[] = []): string[] {
  const file = new URL(`../../acl/${user}.acl`, import.meta.url);
  const [, , ...rules] = readFileSync(file, "utf8").trim().split(" ");
  return rules
    .filter((rule) => !without.includes(rule.slice(1)))
    .map((rule) => rule.replace("{refrain:*}", "{*:*}").replace(/^#.*/, ">secret"));
}

/** What a server's command line needs to know the user from its start, and after every restart. */
export function aclArgs(user: AclUser): string[] {
  return ["--user", user, ...aclRules(user)];
}

export function urlOf(user: AclUser, port: number): string {
  return `redis://${user}:secret@127.0.0.1:${port}`;
}

/** What somebody tried on a server and was not allowed to. */
export async function refusals(url: string): Promise<string[]> {
  const admin = new Redis(url);
  const log = (await admin.acl("LOG")) as string[][];
  admin.disconnect();
  return log.map((entry) => entry.slice(2, 10).join(" "));
}
