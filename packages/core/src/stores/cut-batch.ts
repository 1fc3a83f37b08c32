import type { Group, GroupReply } from "../ports/commit.ts";

/** Something that has a group for the next batch. */
export interface Source {
  /** The next group, or undefined when nothing is left to send. Not asked again before that group has its answer. */
  take(room: Room): Part | typeof WAITS_FOR_ROOM | undefined;
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
  readonly group: Group;
  readonly entries: number;
  readonly bytes: number;
}

/** What a source gives that has nothing for a full store. */
export const WAITS_FOR_ROOM: unique symbol = Symbol("waits for room");

export interface Batch {
  readonly groups: readonly Group[];
  /** Whose groups these are, in the same order. */
  readonly taken: readonly Source[];
  /** Who goes on in a later batch. */
  readonly left: Source[];
}

/** Takes groups in order of arrival until the batch is full; every source gives one group at most. */
export function cutBatch(sources: readonly Source[], whole: Room, mostGroups: number): Batch {
  const groups: Group[] = [];
  const taken: Source[] = [];
  const left: Source[] = [];
  const room = { ...whole };
  for (const source of sources) {
    if (room.entries <= 0 || room.bytes <= 0 || groups.length === mostGroups) {
      left.push(source);
      continue;
    }
    const part = source.take(room);
    if (part === WAITS_FOR_ROOM) left.push(source);
    else if (part !== undefined) {
      room.entries -= part.entries;
      room.bytes -= part.bytes;
      groups.push(part.group);
      taken.push(source);
    }
  }
  return { groups, taken, left };
}
