import type { Group, GroupReply } from "../ports/commit.ts";

/** Something that has a group for the next batch. */
export interface Source {
  /** The next group. Not asked again before that has its answer. */
  take(room: Room): Part | typeof NOT_YET;
  answer(reply: GroupReply): void;
  /** Tells, from now on, whether what it has written of this run by now has its answer; undefined when it writes nothing of it. */
  writesOf(runId: string): Answered | undefined;
}

export type Answered = () => boolean;

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

/** What a source gives that has nothing for a full store, or nothing before others of its run have their answer. */
export const NOT_YET: unique symbol = Symbol("not yet");

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
    if (part === NOT_YET) {
      left.push(source);
      continue;
    }
    room.entries -= part.entries;
    room.bytes -= part.bytes;
    groups.push(part.group);
    taken.push(source);
  }
  return { groups, taken, left };
}
