// Actions

// The client
export type {
  ActionState,
  CallResult,
  Client,
  EnqueueFailure,
  EnqueueOptions,
  RunHandle,
  RunRetryOptions,
} from "@refrain/client";
// Errors
export {
  EnqueueError,
  EnqueueManyError,
  RetryRefusedError,
  RunNotFoundError,
} from "@refrain/client";
export {
  type Action,
  type ActionOptions,
  type AesGcmCodecOptions,
  type Awaitable,
  aesGcmCodec,
  type CallArgs,
  type CallInfo,
  type CallOptions,
  type CallPlace,
  ClaimLostError,
  type Codec,
  currentCall,
  DivergenceError,
  type Durable,
  type DurableCallable,
  type DurableContext,
  type DurableFunction,
  type DurableHandle,
  defineAction,
  durable,
  type EncryptionKey,
  type ErrorClasses,
  type Implementation,
  type ImplementOptions,
  LimitExceededError,
  type Limits,
  LocalRunner,
  MemoryStore,
  msgpackCodec,
  type NotStarted,
  notStarted,
  OutcomeUnknownError,
  type Place,
  PoisonRunError,
  RefrainError,
  type RetryOptions,
  RunConflictError,
  RunStatus,
  SerializationError,
  TerminalError,
  TimeoutError,
  typeOnly,
  UsageError,
  ValidationError,
} from "@refrain/core";
export type { Connection, Risk } from "@refrain/redis-store";
export { StoreError } from "@refrain/redis-store";
// The worker
export type {
  AttemptRunEvent,
  AttemptStartedEvent,
  CallReconciledEvent,
  CallReplayedEvent,
  DivergedEvent,
  FencedEvent,
  HandleUnusedEvent,
  OutcomeUnknownEvent,
  ReleasedEvent,
  RunEvent,
  SettledEvent,
  Worker,
  WorkerEvent,
  WorkerEvents,
} from "@refrain/worker";
export { NotReadyError } from "@refrain/worker";
export { type ClientOptions, createClient } from "./create-client.ts";
export { createWorker } from "./create-worker.ts";
export type { WorkerOptions } from "./worker-options.ts";
