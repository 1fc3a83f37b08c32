// A process that has a namespace grow, and dies after so many steps.
import { growShards } from "@refrain/redis-store";
import { Redis } from "ioredis";

const redis = new Redis(String(process.env["REDIS"]), { maxRetriesPerRequest: null });
let left = Number(process.env["STEPS"]);

await growShards({
  redis,
  namespace: String(process.env["NAMESPACE"]),
  shards: Number(process.env["SHARDS"]),
  onStep: () => {
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  },
});
redis.disconnect();
