/** Whether an object was made by a literal or by `Object.create(null)`, in this realm or, as under Jest, in another. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || isObjectPrototype(prototype);
}

/** Whether a built-in class made the object itself, not a subclass of it; in any realm. */
export function isDirectInstance(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    typeof prototype === "object" &&
    prototype !== null &&
    isObjectPrototype(Object.getPrototypeOf(prototype))
  );
}

function isObjectPrototype(value: unknown): boolean {
  if (value === Object.prototype) return true;
  return (
    typeof value === "object" &&
    value !== null &&
    Object.getPrototypeOf(value) === null &&
    Object.hasOwn(value, "isPrototypeOf")
  );
}
