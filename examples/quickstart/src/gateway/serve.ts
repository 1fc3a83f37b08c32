// The payment gateway as a process of its own: what it has booked is in a file that only grows.
import type { AddressInfo } from "node:net";
import path from "node:path";
import { z } from "zod";
import { tellParent, tetherToParent } from "../tether.ts";
import { createGateway } from "./gateway.ts";
import { Ledger } from "./ledger.ts";

const env = z
  .object({
    EVIDENCE_DIR: z.string(),
    GATEWAY_HOST: z.string().default("127.0.0.1"),
    GATEWAY_PORT: z.coerce.number().int().nonnegative().default(8090),
    /** Which faults happen. Without it there are none. */
    GATEWAY_SEED: z.coerce.number().int().optional(),
  })
  .parse(process.env);

tetherToParent();
const ledger = new Ledger(path.join(env.EVIDENCE_DIR, "ledger.ndjson"));
const server = createGateway({ ledger, seed: env.GATEWAY_SEED });

server.listen(env.GATEWAY_PORT, env.GATEWAY_HOST, () => {
  const { port } = server.address() as AddressInfo;
  console.log(`payment gateway on http://${env.GATEWAY_HOST}:${port}`);
  tellParent({ url: `http://127.0.0.1:${port}` });
});

process.once("SIGTERM", () => {
  server.close(() => process.exit());
  server.closeAllConnections();
});
