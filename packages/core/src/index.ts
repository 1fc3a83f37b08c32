// Durable functions and calls

export { LocalRunner } from "./attempt/local-runner.ts";
export { type RunActionOptions, runAction } from "./attempt/run-action.ts";
export { type PreparedInput, type PrepareInputOptions, prepareInput } from "./calls/input.ts";
export { type DivergencePlan, MAX_CLEARS, planDivergence } from "./decisions/divergence.ts";
export {
  type ErrorClasses,
  encodeError,
  observedError,
  reviveError,
} from "./decisions/error-payload.ts";
export { type CallPlan, planCall } from "./decisions/plan-call.ts";
export { MAX_REOPENED, planReopen, type ReopenPlan } from "./decisions/plan-reopen.ts";
export type { RetryOptions } from "./decisions/retry-policy.ts";
// Actions
export {
  type Action,
  type ActionDefinition,
  type ActionImplementation,
  type ActionOptions,
  defineAction,
  definitionOf,
  type Implementation,
  type ImplementOptions,
  implementationOf,
} from "./ports/action.ts";
// Running
export type {
  Attempt,
  AttemptEnd,
  AttemptEvent,
  AttemptObserver,
  AttemptWarning,
  DroppedCall,
  ReleaseReason,
} from "./ports/attempt.ts";
export {
  type CommitPort,
  type Group,
  type GroupReply,
  type JournalEntry,
  needsRoom,
} from "./ports/commit.ts";
export type { DurableContext } from "./ports/durable-context.ts";
export {
  type Awaitable,
  type CallArgs,
  type CallOptions,
  type Durable,
  type DurableCallable,
  type DurableFunction,
  durable,
} from "./ports/durable-function.ts";
export type { DurableHandle } from "./ports/durable-promise.ts";
// Stores
export {
  type ActionStateStore,
  type Claim,
  type ClaimedRun,
  type ClaimReply,
  type CreateReply,
  type Delivery,
  isSettledStatus,
  type LiveRun,
  type NewRun,
  type ReadOptions,
  type RebuildOptions,
  type Reopening,
  type ReopenReply,
  type RunOutcome,
  type RunSnapshot,
  RunStatus,
  type SettledStatus,
  type Settlement,
} from "./ports/store.ts";
export { CommitQueue, type CommitQueueOptions } from "./stores/commit-queue.ts";
export { MemoryStore, type MemoryStoreOptions } from "./stores/memory-store.ts";
// Values and errors
export { type AesGcmCodecOptions, aesGcmCodec } from "./words/aes-gcm-codec.ts";
export { argsDigest } from "./words/args-digest.ts";
export { decodeCall, encodeCall } from "./words/call-bytes.ts";
// The journal
export type { CallIdentity } from "./words/call-identity.ts";
export {
  type CallOutcome,
  type CallResult,
  type CallStart,
  CallStatus,
  describeCall,
  type FailedCall,
  isSettled,
  type PendingCall,
  pendingCall,
  type SettledCall,
  type SucceededCall,
  settledCall,
} from "./words/call-result.ts";
// Time
export { type Clock, ImmediateTurns, systemClock, type Turns } from "./words/clock.ts";
export { type Codec, codecOf } from "./words/codec.ts";
export { type CallInfo, currentCall } from "./words/current-call.ts";
export { type Encodable, type StoredInstance, toEncodable } from "./words/encodable.ts";
export type { EncryptionKey } from "./words/encryption-keys.ts";
export {
  ClaimLostError,
  type ClaimLostReason,
  DivergenceError,
  LimitExceededError,
  NewerFormatError,
  OutcomeUnknownError,
  PoisonRunError,
  RefrainError,
  RunConflictError,
  SerializationError,
  TerminalError,
  TimeoutError,
  UsageError,
} from "./words/errors.ts";
export { defaultLimits, type Limits } from "./words/limits.ts";
export { type LoggedError, loggedError } from "./words/logged-error.ts";
export { msgpackCodec } from "./words/msgpack-codec.ts";
export { newNonce } from "./words/nonce.ts";
export { type NotStarted, notStarted } from "./words/not-started.ts";
export { Notices } from "./words/notices.ts";
export { checkName, checkOptions } from "./words/options.ts";
export { type CallPlace, type Place, placeInRun } from "./words/place.ts";
export { decodeReopened, encodeReopened, type ReopenedCall } from "./words/reopened-calls.ts";
export { typeOnly, ValidationError } from "./words/schema.ts";
export { isSecretName } from "./words/secret-names.ts";
