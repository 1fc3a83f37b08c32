import { type Order, orderSchema } from "./order.ts";

export interface OrderLine {
  readonly line: number;
  readonly order: Order;
}

interface RefusedLine {
  readonly line: number;
  readonly reason: string;
}

/** What a file of orders holds: every line is either a valid order or refused with a reason, none is skipped. */
export interface OrderFile {
  readonly lines: readonly OrderLine[];
  readonly refused: readonly RefusedLine[];
}

/** Reads newline-delimited JSON, one order a line. A bad line never hides a good one. */
export function readOrderFile(content: string): OrderFile {
  const lines: OrderLine[] = [];
  const refused: RefusedLine[] = [];
  for (const [index, json] of content
    .replace(/\r?\n$/, "")
    .split(/\r?\n/)
    .entries()) {
    const line = index + 1;
    const parsed = parseOrder(json);
    if (typeof parsed === "string") refused.push({ line, reason: parsed });
    else lines.push({ line, order: parsed });
  }
  return { lines, refused };
}

/** The orders that a shop owes its customers: of each id the first valid line. Later ones repeat it or conflict. */
export function distinctOrders(lines: readonly OrderLine[]): Order[] {
  const first = new Map<string, Order>();
  for (const { order } of lines) if (!first.has(order.id)) first.set(order.id, order);
  return [...first.values()];
}

/** The order, or why there is none. */
function parseOrder(json: string): Order | string {
  if (json.trim() === "") return "empty line";
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return "not JSON";
  }
  const parsed = orderSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  return parsed.error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`))
    .join("; ");
}
