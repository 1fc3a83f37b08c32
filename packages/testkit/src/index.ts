// Servers and faults

// Stores and codecs
export { describeCodec } from "./conformance/describe-codec.ts";
export { describeStore } from "./conformance/describe-store.ts";
export type { CreateStore, StoreUnderTest } from "./conformance/store-test.ts";
export { CrashPoints, type CrashPointsOptions } from "./crash-points.ts";
// Evidence and time
export { EffectLedger, type LedgerEvent } from "./effect-ledger.ts";
export { type EventuallyOptions, eventually } from "./eventually.ts";
export { FaultProxy, type FaultProxyOptions } from "./fault-proxy.ts";
export { type KeyLeakOptions, keysWithoutTtl } from "./key-leaks.ts";
export { LatePort, RepeatingPort, type Snapshot } from "./ports/copying-ports.ts";
export { type CrashPlan, CrashPort, LossyPort, RefusingPort } from "./ports/faulty-ports.ts";
export { FullPort } from "./ports/full-port.ts";
export { type RecordedOp, RecordingPort } from "./ports/recording-port.ts";
export { type RedisServer, type RedisServerOptions, startRedis } from "./start-redis.ts";
export { type VirtualClock, virtualClock } from "./virtual-clock.ts";
