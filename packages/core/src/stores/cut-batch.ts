import type { Group, GroupReply } from "../ports/commit.ts";

/** Something that has a group for the next batch. */
export interface Source {
  /** The next group, or undefined when nothing is left to send. */
  take(room: Room): Part | undefined;
  answer(reply: GroupReply): void;
}

/** What a batch still holds. */
export interface Room {
  readonly entries: number;
  readonly bytes: number;
  /** The store has no memory left: only what does not lead to new effects may go. */
  readonly isStoreFull: boolean;
}

export interface Part {
  /** Undefined when all that is left needs room in a store that has none. */
  readonly group: Group | undefined;
  readonly entries: number;
  readonly bytes: number;
  /** The source did not fit whole: it goes on in the batch after this one. */
  readonly hasMore: boolean;
}

/** What a source gives that has nothing for a full store. */
export const WAITS_FOR_ROOM: Part = { group: undefined, entries: 0, bytes: 0, hasMore: true };

export interface Batch {
  readonly groups: readonly Group[];
  /** Whose groups these are, in the same order. */
  readonly taken: readonly Source[];
  /** Who goes on in a later batch. */
  readonly left: Source[];
}

/** Takes groups in order of arrival until the batch is full; every source gives one group at most. */
export function cutBatch(sources: readonly Source[], whole: Room): Batch {
  const groups: Group[] = [];
  const taken: Source[] = [];
  const left: Source[] = [];
  const room = { ...whole };
  for (const source of sources) {
    if (room.entries <= 0 || room.bytes <= 0) {
      left.push(source);
      continue;
    }
    const part = source.take(room);
    if (part === undefined) continue;
    room.entries -= part.entries;
    room.bytes -= part.bytes;
    if (part.group !== undefined) {
      groups.push(part.group);
      taken.push(source);
    }
    if (part.hasMore) left.push(source);
  }
  return { groups, taken, left };
}
