// The board as a process of its own. It asks for a password, for it is meant to be reached from elsewhere.
import { randomBytes } from "node:crypto";
import { startBoard } from "@refrain/board";
import { z } from "zod";
import { serveHealth } from "./health.ts";
import { placeOrder } from "./place-order.ts";

const env = z
  .object({
    REDIS_URL: z.string().default("redis://127.0.0.1:6379"),
    NAMESPACE: z.string().default("refrain"),
    BOARD_HOST: z.string().default("127.0.0.1"),
    BOARD_PORT: z.coerce.number().int().nonnegative().default(3000),
    BOARD_USERNAME: z.string().default("refrain"),
    BOARD_PASSWORD: z.string().default(""),
    HEALTH_PORT: z.coerce.number().int().nonnegative().optional(),
  })
  .parse(process.env);

const password = env.BOARD_PASSWORD || randomBytes(12).toString("base64url");
const board = await startBoard({
  connection: env.REDIS_URL,
  namespace: env.NAMESPACE,
  queues: [placeOrder.queue],
  host: env.BOARD_HOST,
  port: env.BOARD_PORT,
  auth: { username: env.BOARD_USERNAME, password },
});
if (env.HEALTH_PORT !== undefined) serveHealth(env.HEALTH_PORT, () => true);
console.log(`board on port ${env.BOARD_PORT}, user ${env.BOARD_USERNAME}`);
if (env.BOARD_PASSWORD === "") console.log(`password, new at every start: ${password}`);

process.once("SIGTERM", () => {
  void board.close().then(() => process.exit());
});
