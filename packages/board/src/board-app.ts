import { resolve } from "node:path";
import { createBullBoard } from "@bull-board/api";
import { HonoAdapter } from "@bull-board/hono";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { csrf } from "hono/csrf";
import { HTTPException } from "hono/http-exception";
import { timeout } from "hono/timeout";
import { type BoardAuth, guard } from "./access.ts";
import { refuseActions } from "./harmless-actions.ts";
import { keepUncached, relabelled, securityHeaders, selfContained } from "./page.ts";
import { STYLE_PATH, serveStyle } from "./page-style.ts";
import { retryRoutes } from "./retry-routes.ts";
import type { RunQueueAdapter } from "./run-queue-adapter.ts";

export interface BoardAppOptions {
  /** The queues to show now; the same list while they are the same. */
  readonly queues: () => readonly RunQueueAdapter[];
  /** Looks whether there are others by now. */
  readonly lookAgain: () => Promise<void>;
  readonly basePath: string;
  readonly readOnly: boolean;
  readonly auth: BoardAuth | undefined;
}

/** Bull Board as a Hono app of its own under `basePath`, with nothing of it reachable past the guard. */
export function boardApp(options: BoardAppOptions): Hono {
  const { queues, lookAgain, basePath, readOnly, auth } = options;
  const root = basePath === "/" ? "" : basePath;
  const adapter = new HonoAdapter(serveFromAnywhere).setBasePath(basePath);
  let shown = queues();
  const { replaceQueues } = createBullBoard({
    queues: shown,
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: "Refrain",
        // Would ask Redis for CLIENT LIST once per queue and poll.
        showWorkers: false,
        // Would ask Redis for INFO, and styles its icon inline.
        hideRedisDetails: true,
        hideDocsLink: true,
      },
      handlerHooks: refuseActions(readOnly),
    },
  });
  const app = new Hono();
  app.use(securityHeaders, keepUncached, guard(auth), csrf(), selfContained, relabelled);
  app.use("/api/*", timeout(PATIENCE_MS, noAnswer));
  app.use("/api/*", async (_, next) => {
    // What Redis cannot say now, the request itself will tell.
    await lookAgain().catch(() => {});
    const now = queues();
    if (now !== shown) replaceQueues(now);
    shown = now;
    await next();
  });
  app.get(`/${STYLE_PATH}`, serveStyle);
  if (!readOnly) app.route("/", retryRoutes(queues));
  app.route("/", adapter.registerPlugin());
  return new Hono().route(root || "/", app);
}

/** Commands wait for a lost connection to come back; people need not. */
const PATIENCE_MS = 5000;

function noAnswer(): HTTPException {
  const error = "Redis does not answer. The page tries again by itself.";
  return new HTTPException(504, { res: Response.json({ error }, { status: 504 }) });
}

/** Bull Board hands over a root relative to the current directory, which may change later. */
const serveFromAnywhere: typeof serveStatic = (options) =>
  serveStatic({ ...options, root: resolve(options?.root ?? "") });
