--[[
  claim: a verdict on one delivery of a run's job. A claim gives the run to its nonce and fences every earlier one.

  action, queue       of the job
  nonce               random, made by the processor that asks
  timestamp, started  when the job was added; how often it was handed out, this time included
  incarnation         how often the run's job was added anew

  returns
    claimed  version:str  generation:int  epoch:int  createdAt:int  clears:int  suspect:int  unknownAsks:int
             reopened:str  input:bytes  journal:flat
    settled  status:str  outcome:bytes  failedSlot:str  the run has its outcome
    stale                                               the run moved on from this delivery
    foreign  action:str  queue:str                      the run belongs to these
    missing                                             there is no such run
    newer    layout:str                                 the run is kept as a newer release does
]]
local function hasMovedOn(run, nonce, timestamp, started, incarnation)
  if remembers(run.nonces, nonce) then return true end
  -- Of two jobs the one that was added later is newer, whatever its clock said.
  local newer = incarnation - (run.incarnation or 0)
  if newer ~= 0 then return newer < 0 end
  return (timestamp == run.timestamp and tonumber(started) < tonumber(run.started))
    or remembers(run.timestamps, timestamp)
end

local function claim(key, calls)
  local action, queue, nonce, timestamp, started, incarnation = take(6)
  local run = fields(key)

  if not run.status then return 'missing' end
  if run.layout and run.layout ~= '1' then return { 'newer', run.layout } end
  if run.action ~= action or run.queue ~= queue then return { 'foreign', run.action, run.queue } end
  if SETTLED[run.status] then return { 'settled', run.status, run.outcome, run.failedSlot } end

  -- A claim that arrives again is answered again, unless its attempt has released the run by now.
  local owner, n = nil, 0
  -- A run that was never claimed has no calls.
  local wasClaimed = run.claim or run.fence
  local fence = wasClaimed and redis.call('HGET', calls, 'fence') or run.fence
  if fence then owner, n = readFence(fence) end
  local isKnown = nonce == owner
  if isKnown and run.status ~= 'RUNNING' then return 'stale' end
  if not isKnown and hasMovedOn(run, nonce, timestamp, started, incarnation) then return 'stale' end

  local entries = wasClaimed and journal(calls) or {}
  hasCalls = entries == 'large' or entries[1]
  if not isKnown then handOver(key, calls, run, owner, n, nonce, timestamp, started, incarnation) end
  local suspect = isKnown and n > 0 and 0 or run.epoch - (run.wrote or 0)
  return { 'claimed', run.version, run.generation or 0, run.epoch, run.createdAt, run.clears or 0, suspect,
    run.unknownAsks or 0, run.reopened, run.input, entries }
end
