import { startBoard } from "@refrain/board";
import { placeOrder } from "../place-order.ts";
import { stopChild } from "./child.ts";
import { Fleet } from "./fleet.ts";
import { type Stage, startGateway, startWorker } from "./processes.ts";
import { settings } from "./settings.ts";

/** Everything that is up before the first order: the gateway, the workers, the board. */
export interface Shop {
  readonly fleet: Fleet;
  readonly boardUrl: string;
  /** Stops the workers, then what they rely on. May be called again. */
  close(): Promise<void>;
}

const PATIENCE_MS = settings.drainTimeoutMs + 2000;

/** Resolves when all of it is ready. When a part fails to start, what had started ends with this process. */
export async function openShop(stage: Stage): Promise<Shop> {
  const gateway = startGateway(stage);
  const { url } = (await gateway.started) as { url: string };
  const fleet = await Fleet.start(settings.workers, (serial) => startWorker(stage, url, serial));
  const board = await startBoard({
    connection: stage.redisUrl,
    namespace: stage.namespace,
    queues: [placeOrder.queue],
    host: "127.0.0.1",
    port: 0,
  });

  let closing: Promise<void> | undefined;
  const close = async () => {
    await fleet.close(PATIENCE_MS);
    await Promise.all([stopChild(gateway, PATIENCE_MS), board.close()]);
  };
  return { fleet, boardUrl: board.url, close: () => (closing ??= close()) };
}
