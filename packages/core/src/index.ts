// Durable functions and calls

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
} from "./action.ts";
// Values and errors
export { argsDigest } from "./args-digest.ts";
// Running
export type {
  Attempt,
  AttemptEnd,
  AttemptEvent,
  AttemptObserver,
  AttemptWarning,
  DroppedCall,
  ReleaseReason,
} from "./attempt.ts";
export { decodeCall, encodeCall } from "./call-bytes.ts";
// The journal
export type { CallIdentity } from "./call-identity.ts";
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
} from "./call-result.ts";
// Time
export { type Clock, ImmediateTurns, systemClock, type Turns } from "./clock.ts";
export { type Codec, msgpackCodec } from "./codec.ts";
export type { CommitPort, Group, GroupReply, JournalEntry } from "./commit.ts";
export { CommitQueue, type CommitQueueOptions } from "./commit-queue.ts";
export { type CallInfo, currentCall } from "./current-call.ts";
export { type DivergencePlan, MAX_CLEARS, planDivergence } from "./divergence.ts";
export type { DurableContext } from "./durable-context.ts";
export {
  type Awaitable,
  type CallArgs,
  type CallOptions,
  type Durable,
  type DurableCallable,
  type DurableFunction,
  durable,
  type NotStarted,
  notStarted,
} from "./durable-function.ts";
export type { DurableHandle } from "./durable-promise.ts";
export { type Encodable, type StoredInstance, toEncodable } from "./encodable.ts";
export { type ErrorClasses, encodeError, observedError, reviveError } from "./error-payload.ts";
export {
  ClaimLostError,
  type ClaimLostReason,
  DivergenceError,
  LimitExceededError,
  OutcomeUnknownError,
  PoisonRunError,
  RefrainError,
  RunConflictError,
  SerializationError,
  TerminalError,
  TimeoutError,
  UsageError,
} from "./errors.ts";
export { type PreparedInput, prepareInput } from "./input.ts";
export { defaultLimits, type Limits } from "./limits.ts";
export { LocalRunner, newNonce } from "./local-runner.ts";
export { MemoryStore, type MemoryStoreOptions } from "./memory-store.ts";
export { Notices } from "./notices.ts";
export { checkName, checkOptions } from "./options.ts";
export { type CallPlan, planCall } from "./plan-call.ts";
export type { RetryOptions } from "./retry-policy.ts";
export { type RunActionOptions, runAction } from "./run-action.ts";
export { typeOnly, ValidationError } from "./schema.ts";
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
  type RunOutcome,
  type RunSnapshot,
  RunStatus,
  type SettledStatus,
  type Settlement,
} from "./store.ts";
