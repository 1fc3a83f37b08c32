import type { Place } from "./place.ts";

/**
 * Turns values into the bytes that are stored, and back: the port where encryption or compression plug in.
 *
 * `encode` is given values that went through `toEncodable`, and returns bytes nobody else writes to. `decode` keeps no
 * reference to the bytes it is given. Both are told the place the value belongs to, and throw nothing but
 * `SerializationError`, on hostile bytes too. Clients, workers and boards of one namespace need codecs that read each other.
 */
export interface Codec {
  encode(value: unknown, place: Place): Uint8Array;
  decode(bytes: Uint8Array, place: Place): unknown;
  /**
   * Whoever reads Redis may read the values, too. Then the queue shows a sketch of each input, and the errors of failed runs.
   * Default false: it shows neither.
   */
  readonly isPlaintext?: boolean;
  /** The codec for one namespace, so that what it writes is bound to that, too. Called once by each client, worker and board. */
  forNamespace?(namespace: string): Codec;
}

/** A codec as a client, a worker or a board of this namespace uses it. */
export function codecOf(namespace: string, codec: Codec): Codec {
  return codec.forNamespace?.(namespace) ?? codec;
}
