import type { MiddlewareHandler } from "hono";

/** Our stylesheet among Bull Board's assets. */
export const STYLE_PATH = "static/refrain.css";

// A run's own page may use the window's height, its panel the room kept for a progress circle, and its table keeps its columns.
// In lists, where the title is a link, Bull Board's limits stay. Should its class names change, only these comforts are lost.
const STYLE = `
[class^="card-"]:has([role="tabpanel"]):not(:has([class^="jobLink-"])) { max-height: none; }
[class^="card-"]:not(:has([class^="jobLink-"])) > [class^="details-"] { max-height: max(420px, calc(100vh - 15rem)); }
[role="tabpanel"] { max-width: 100% !important; }
[role="tabpanel"] [class*="stringValue-"] { white-space: pre-wrap; }
`;

export const serveStyle: MiddlewareHandler = async (c) =>
  c.body(STYLE, 200, { "Content-Type": "text/css; charset=UTF-8", "Cache-Control": "no-cache" });
