#!lua flags=no-writes
--[[
  read: a run as it stands.

  KEYS[1] run    hash  the run
  KEYS[2] calls  hash  its journal

  ARGV[1] withCalls  str  `yes`, or anything else to leave out the journal

  returns
    run  action:str  version:str  queue:str  status:str  generation:int  incarnation:int  epoch:int  v:int
         createdAt:int  notBefore:str  priority:str  settledAt:str  input:bytes  outcome:bytes  failedSlot:str
         reopened:str  journal:flat
    newer  layout:str  the run is kept as a newer release does
    missing
]]
--@include shared/fields
--@include shared/fence
--@include shared/v
--@include shared/journal

local key, calls = unpack(KEYS)
local withCalls = unpack(ARGV)

local run = fields(key)
if not run.status then return 'missing' end
if run.layout and run.layout ~= '1' then return { 'newer', run.layout } end
return { 'run', run.action, run.version, run.queue, run.status, run.generation or 0, run.incarnation or 0, run.epoch or 0,
  v(run, redis.call('HGET', calls, 'fence') or run.fence), run.createdAt, run.notBefore, run.priority, run.settledAt, run.input, run.outcome, run.failedSlot,
  run.reopened, withCalls == 'yes' and journal(calls) or {} }
