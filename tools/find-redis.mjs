// A redis-server binary: one on PATH, else the Debian package unpacked into .cache.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { answer } from "./child.mjs";
import { cachedRedis, unpackDebianRedis } from "./unpack-redis.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

export const HOW_TO_GET_REDIS = `No Redis was found, and none could be fetched. Do one of:
  - install one:   apt-get install redis-server   or   brew install redis   (valkey does as well)
  - name one:      export REDIS_URL=redis://127.0.0.1:6379   (a scratch server, Redis 7.0 or newer)
  - start Docker:  the server is then started in a container`;

/** The path of a server that runs, or undefined when the machine has none and offers no way to get one. */
export function findRedisServer() {
  const names = [process.env["REDIS_SERVER_BIN"], "redis-server", "valkey-server"];
  const installed = names.map(which).find((file) => file && answer(file, ["--version"]));
  const cache = path.join(root, ".cache", "redis");
  return installed ?? cachedRedis(cache) ?? unpackDebianRedis(cache);
}

function which(name) {
  return name && answer("sh", ["-c", 'command -v "$1"', "sh", name]);
}
