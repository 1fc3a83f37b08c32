import type { Edit, Mutant, Mutants } from "./mutant.ts";

const lua = "packages/redis-store/lua";

/** What the suite that every store passes says of a script. */
function caught(file: string, title: string, ...edits: readonly Edit[]): Mutant {
  const caughtBy = { file: "packages/redis-store/test/conformance.test.ts", title };
  return { file: `${lua}/${file}.lua`, edits, caughtBy };
}

/** What any program of claims, writes and reopenings says of a script. */
function caughtByPrograms(file: string, ...edits: readonly Edit[]): Mutant {
  const title =
    "any claims, writes and reopenings of a run are answered as they are in memory, and leave the same run";
  const caughtBy = { file: "packages/redis-store/test/same-as-memory.test.ts", title };
  return { file: `${lua}/${file}.lua`, edits, caughtBy };
}

/** Faults in the scripts. Those of the store in memory are planted by a test of the suite itself. */
export const store: Mutants = {
  "no fence for calls": caught(
    "commit/put",
    "a newer claim fences the older one, whatever that writes",
    ["if fence ~= before then return refusal(fence, after) end", ""],
  ),
  "no fence for other entries": caught(
    "commit/write",
    "a newer claim fences the older one, whatever that writes",
    ["if fence ~= before then return refusal(fence, after) end", ""],
  ),
  "a fenced claim is not told": caught(
    "commit/refusal",
    "a newer claim fences the older one, whatever that writes",
    ["if owner ~= nonce then return 'fenced' end", ""],
  ),
  "no group numbers": caught(
    "commit/refusal",
    "groups are numbered: a known number is the same one",
    ["if n <= seen then return 'same' end", ""],
  ),
  "a gap goes unnoticed": caught(
    "commit/refusal",
    "a store that lost acknowledged writes tells the claim at its next one",
    ["or 'gap'", "or 'same'"],
  ),
  "a settled run is written to": caught(
    "commit/write",
    "a run ends once: later writes of its own claim have no effect",
    ["change('fence', fence .. ' over')", "change('fence', fence)"],
  ),
  "a claim ignores the incarnation": caught(
    "commit/claim",
    "a job of an earlier incarnation is stale whatever its time",
    ["if newer ~= 0 then return newer < 0 end", ""],
  ),
  "a claim ignores which deliveries are past": caught(
    "commit/claim",
    "nonces that the run moved on from are remembered for a while",
    ["if remembers(run.nonces, nonce) then return true end", ""],
  ),
  "a settled run is claimed": caught(
    "commit/claim",
    "a settled run answers its outcome to every further delivery",
    ["if SETTLED[run.status] then return", "if false then return"],
  ),
  "suspect is never counted": caught(
    "commit/claim",
    "claims without progress are counted until a write or a release",
    ["run.epoch - (run.wrote or 0)", "1"],
  ),
  "the writes of earlier claims are forgotten": caughtByPrograms("commit/hand-over", [
    "change('writes', (run.writes or 0) + n)",
    "",
  ]),
  "calls leave the fence where it was": caught(
    "commit/put",
    "groups are numbered: a known number is the same one",
    ["'fence', after, unpack", "'fence', before, unpack"],
  ),
  "calls look at the run's own fence alone": caught(
    "commit/put",
    "groups are numbered: a known number is the same one",
    ["redis.call('HGET', calls, 'fence') or ", ""],
  ),
  "a claim leaves the fence of a journal": caughtByPrograms("commit/hand-over", [
    "if hasCalls then redis.call('HSET', calls, 'fence', fence) end",
    "",
  ]),
  "a claim that is over leaves its fence in the journal": caughtByPrograms("commit/write", [
    "redis.call('HDEL', calls, 'fence')",
    "redis.call('HSET', calls, 'fence', fence)",
  ]),
  "runs that settled before a refusal stay live": {
    ...caught("commit/batch", "", [
      "closeSettled()\nif not isDone then error(failure, 0) end",
      "if not isDone then error(failure, 0) end\ncloseSettled()",
    ]),
    caughtBy: {
      file: "packages/redis-store/test/settle.test.ts",
      title: "is seen to its end although another run's group is refused",
    },
  },
  "a clear drops nothing": caught(
    "commit/clear",
    "clear drops the slots from first to last and no other",
    ["redis.call('HDEL', calls, unpack(slots))", ""],
  ),
  "clears are not counted": caught("commit/clear", "clears are counted over all attempts", [
    "or 0) + 1",
    "or 0)",
  ]),
  "a settled run stays for ever": caught(
    "commit/settle",
    "a settled run is gone when its retention is over",
    ["redis.call('PEXPIRE', run, retention)", ""],
  ),
  "a released run stays RUNNING": caught(
    "commit/release",
    "a released run is not handed to a late copy of the claim that released it",
    ["endClaim('QUEUED', calls)", "ending = 'QUEUED'"],
  ),
  "a reopening clears what follows": caught(
    "reopen",
    "a failed run is live again, one generation on, with one call changed and every other kept",
    [
      "redis.call('HSET', calls, slot, call) end",
      "redis.call('UNLINK', calls) redis.call('HSET', calls, slot, call) end",
    ],
  ),
  "a reopening looks at nothing": caught(
    "reopen",
    "what was decided on another state of the run is refused",
    ["or v(run, run.fence) ~= tonumber(seen) ", ""],
  ),
  "a reopened run expires": caught("reopen", "a reopened run stays for ever", [
    "redis.call('PERSIST', key)\n",
    "",
  ]),
  "create overwrites": caught(
    "create/refusal",
    "one id with another input or another action is a conflict that names what is there",
    ["if knownAction then return { 'conflict', knownAction, knownDigest or '' } end", ""],
  ),
  "a create that is sent twice is told of itself": caught(
    "create/refusal",
    "a request that is sent twice is told twice that it created the run",
    ["if knownRequest == requestId then return 'created' end", ""],
  ),
  "one run that is there is an answer to all": caught(
    "create",
    "many runs at once are each told what it would be told alone, in turn",
    ["return created == #replies and 'created' or replies", "return replies[#replies]"],
  ),
};
