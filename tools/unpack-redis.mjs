// Debian's redis-server without installing it: no root, no service, nothing outside the given directory.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { answer } from "./child.mjs";

// The unpacked binary finds the libraries that came with it; tests can start it with no further settings.
const LAUNCHER = `#!/bin/sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
for lib in "$here"/root/lib/*-linux-gnu* "$here"/root/usr/lib/*-linux-gnu*; do
  [ -d "$lib" ] && LD_LIBRARY_PATH="$lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
done
export LD_LIBRARY_PATH
exec "$here/root/usr/bin/redis-server" "$@"
`;

/** The server unpacked into a directory by an earlier run, if it still runs. */
export function cachedRedis(directory) {
  const launcher = path.join(directory, "redis-server");
  return answer(launcher, ["--version"]) === undefined ? undefined : launcher;
}

/** Downloads and unpacks the server; undefined where there is no apt or it has no such package. */
export function unpackDebianRedis(directory) {
  if (!answer("apt-get", ["--version"]) || !answer("dpkg-deb", ["--version"])) return undefined;
  console.log(`Unpacking Debian's redis-server into ${path.relative(process.cwd(), directory)}`);
  fs.mkdirSync(path.dirname(directory), { recursive: true });
  const draft = fs.mkdtempSync(`${directory}-`);
  try {
    const apt = ownApt(path.join(draft, "apt"));
    if (!apt("apt-get", ["update"], draft)) return undefined;
    const packages = ["redis-server", "redis-tools"];
    if (!apt("apt-get", ["download", ...packages, ...missingLibraries(apt, packages)], draft)) {
      return undefined;
    }
    for (const file of fs.readdirSync(draft).filter((name) => name.endsWith(".deb"))) {
      spawnSync("dpkg-deb", ["-x", file, "root"], { cwd: draft, stdio: "inherit" });
      fs.rmSync(path.join(draft, file));
    }
    fs.rmSync(path.join(draft, "apt"), { recursive: true });
    fs.writeFileSync(path.join(draft, "redis-server"), LAUNCHER, { mode: 0o755 });
    if (cachedRedis(draft) === undefined) return undefined;
    // One rename publishes the whole directory; a run that was faster has published the same.
    if (cachedRedis(directory) === undefined) {
      fs.rmSync(directory, { recursive: true, force: true });
      fs.renameSync(draft, directory);
    }
    return cachedRedis(directory);
  } finally {
    fs.rmSync(draft, { recursive: true, force: true });
  }
}

/** Runs apt tools with package lists of their own: the system's may be stale, empty or not ours to change. */
function ownApt(state) {
  fs.mkdirSync(path.join(state, "lists", "partial"), { recursive: true });
  fs.mkdirSync(path.join(state, "cache", "archives", "partial"), { recursive: true });
  const options = [
    `Dir::State::lists=${state}/lists`,
    `Dir::Cache=${state}/cache`,
    "APT::Sandbox::User=",
    "Debug::NoLocking=1",
  ].flatMap((option) => ["-o", option]);
  return (tool, args, cwd) => {
    const quiet = tool === "apt-get" ? ["-qq"] : [];
    const stdio = ["ignore", "pipe", "inherit"];
    const spawned = spawnSync(tool, [...options, ...quiet, ...args], {
      cwd,
      stdio,
      encoding: "utf8",
    });
    return spawned.status === 0 ? spawned.stdout || true : undefined;
  };
}

/** Libraries that the packages need and the system lacks. */
function missingLibraries(apt, packages) {
  const depends = String(apt("apt-cache", ["depends", "--important", ...packages]) ?? "");
  const named = [...depends.matchAll(/Depends: (?<name>lib[^\s<>]+)/g)].map((m) => m.groups.name);
  return [...new Set(named)].filter(
    (name) => answer("dpkg-query", ["-W", "-f", "${db:Status-Status}", name]) !== "installed",
  );
}
