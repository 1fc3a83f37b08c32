import type { Context, MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { STYLE_PATH } from "./page-style.ts";

/** Everything a page needs comes from its own origin, and nothing it shows can run, frame it or send anything elsewhere. */
export const securityHeaders: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    workerSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", "data:"],
    connectSrc: ["'self'"],
    baseUri: ["'self'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: "DENY",
  // Whether this host is served over TLS alone is its owner's to say.
  strictTransportSecurity: false,
});

/** Keeps payloads out of caches; the assets carry their version in their names. */
export const keepUncached: MiddlewareHandler = async (c, next) => {
  await next();
  if (!c.req.path.includes("/static/")) c.header("Cache-Control", "no-store");
};

/** Bull Board's page loads fonts from elsewhere and styles its splash inline: we serve it without both, and with our style. */
export const selfContained: MiddlewareHandler = async (c, next) => {
  await next();
  if (c.res.headers.get("Content-Type")?.startsWith("text/html")) {
    await rewrite(c, (page) => withOurStyle(withoutForeignParts(page)));
  }
};

function withoutForeignParts(page: string): string {
  return page
    .replace(/<link\b[^>]*\bhref="(?:https?:)?\/\/[^>]*>/gi, "")
    .replace(/<style\b[^>]*>[\s\S]*?<\/style>/gi, "")
    .replace(/ style="[^"]*"/gi, "");
}

function withOurStyle(page: string): string {
  return page.replace("</head>", `<link href="${STYLE_PATH}" rel="stylesheet"></head>`);
}

/** A job's tabs speak of what we put in them. Other languages keep Bull Board's words. */
export const relabelled: MiddlewareHandler = async (c, next) => {
  await next();
  if (!/\/static\/locales\/en-[A-Z]{2}\/messages\.json$/.test(c.req.path) || !c.res.ok) return;
  await rewrite(c, (messages) => JSON.stringify(withOurWords(JSON.parse(messages))));
};

function withOurWords(messages: Messages): Messages {
  const { JOB } = messages;
  const tabs = { ...JOB.TABS, DATA: "Run", LOGS: "Calls" };
  return { ...messages, JOB: { ...JOB, TABS: tabs, NO_LOGS: "No calls in the journal" } };
}

interface Messages {
  readonly JOB: { readonly TABS: object; readonly NO_LOGS: string };
}

async function rewrite(c: Context, change: (text: string) => string): Promise<void> {
  const response = new Response(change(await c.res.text()), c.res);
  response.headers.delete("Content-Length");
  // A new response takes over the headers of the one before it, its length among them.
  c.res = undefined;
  c.res = response;
}
