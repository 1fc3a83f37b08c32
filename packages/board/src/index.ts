// The board

// Who sees what
export type { BoardAuth } from "./access.ts";
export type {
  AssembledBoardOptions,
  BoardOptions,
  ConnectedBoardOptions,
} from "./board-options.ts";
export { type Board, createBoard } from "./create-board.ts";
export { type Redact, redactSecrets } from "./redact.ts";
export type { RunReader } from "./run-queue-adapter.ts";
export { type StartBoardOptions, type StartedBoard, startBoard } from "./start-board.ts";
