import { types } from "node:util";
import { copyToEncodable, type Encodable } from "./encodable-copy.ts";
import { isWellFormed } from "./well-formed.ts";

export type { Encodable, StoredInstance } from "./encodable-copy.ts";

/**
 * Prepares a value for the codec: refuses what cannot be stored, and turns what has no stored form of its own into plain
 * values. What is stored is what every attempt sees, the first one included. When nothing has to change, which is the
 * rule, the very value that was given comes back.
 *
 * - A class instance becomes what its `toJSON()` gives, else its own enumerable fields; getters and methods are gone. A
 *   subclass of Map, Set, Date, RegExp, Array, ArrayBuffer or a typed array becomes that built-in.
 * - An Error becomes `{ name, message, code?, …own enumerable fields }`; a field of it that cannot be stored is left out.
 * - A lone surrogate in a text or a key becomes U+FFFD: it has no UTF-8.
 * - `new String("x")` and its like become the primitive. Symbol keys and `__proto__` keys are left out, and so are named
 *   properties of arrays.
 *
 * @param label what the value is, the first word of each path: "result", "input"
 * @throws SerializationError that names the place (`result.items[3].onClick: function …`) for functions, symbols, cycles,
 *   values nested deeper than 1,000, promises and other built-ins that hold no data, and the key `__keys__`.
 */
export function toEncodable(value: unknown, options: { readonly label: string }): Encodable {
  budget = FAST_BUDGET;
  if (isStoredAsIs(value, FAST_DEPTH)) return { value, instances: NONE };
  return copyToEncodable(value, options.label);
}

const NONE: Encodable["instances"] = [];

// Small values are walked without allocating anything. A cycle runs into the depth, and one with many branches into the
// budget, before it costs more than the careful walk, which remembers where it has been.
const FAST_DEPTH = 12;
const FAST_BUDGET = 100_000;
let budget = 0;

const objectPrototype: unknown = Object.prototype;
const arrayPrototype: unknown = Array.prototype;

function isStoredAsIs(value: unknown, depth: number): boolean {
  if (typeof value === "string") return isWellFormed(value);
  if (typeof value !== "object") return typeof value !== "function" && typeof value !== "symbol";
  if (value === null) return true;
  if (depth === 0 || budget-- <= 0) return false;
  try {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === objectPrototype || prototype === null) {
      return areFieldsStoredAsIs(value, depth);
    }
    if (prototype === arrayPrototype && Array.isArray(value)) {
      return areItemsStoredAsIs(value, depth);
    }
    return isBuiltInStoredAsIs(value, prototype, depth);
  } catch {
    // A getter or a proxy threw: the careful walk says where.
    return false;
  }
}

function areFieldsStoredAsIs(value: object, depth: number): boolean {
  const fields = value as Readonly<Record<string, unknown>>;
  for (const key in fields) {
    if (key === "__keys__" || key === "__proto__" || !isWellFormed(key)) return false;
    if (!isStoredAsIs(fields[key], depth - 1)) return false;
  }
  return true;
}

function areItemsStoredAsIs(items: readonly unknown[], depth: number): boolean {
  budget -= items.length;
  if (budget <= 0) return false;
  for (const item of items) {
    if (!isStoredAsIs(item, depth - 1)) return false;
  }
  return true;
}

function isBuiltInStoredAsIs(value: object, prototype: unknown, depth: number): boolean {
  switch (prototype) {
    case Date.prototype:
      return types.isDate(value);
    case Buffer.prototype:
    case Uint8Array.prototype:
      return types.isUint8Array(value);
    case Map.prototype:
      return (
        types.isMap(value) &&
        areItemsStoredAsIs([...value.keys()], depth) &&
        areItemsStoredAsIs([...value.values()], depth)
      );
    case Set.prototype:
      return types.isSet(value) && areItemsStoredAsIs([...value], depth);
    default:
      return false;
  }
}
