import { startRedis } from "../../src/start-redis.ts";

// Starts a server and waits to be killed.
const { url, dir } = await startRedis();
process.stdout.write(`${JSON.stringify({ url, dir })}\n`);
setInterval(() => {}, 60_000);
