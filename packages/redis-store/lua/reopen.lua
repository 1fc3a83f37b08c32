#!lua
--[[
  reopen: makes a failed run live again, QUEUED, one generation on. One call at most is changed. The fence stays: its claim is
  over, so that nothing of it passes, and the next claim moves on from its nonce and counts its writes.

  KEYS[1] run    hash  the run
  KEYS[2] calls  hash  its journal
  KEYS[3] live   zset  runs not settled yet, by creation time

  ARGV[1] runId      str
  ARGV[2] requestId  str    one per request, however often, and however late, that is sent
  ARGV[3] v          int    the run's, when it was decided to reopen it
  ARGV[4] slot       str    of the call to change, empty for none
  ARGV[5] call       bytes  what the slot holds from now on
  ARGV[6] reopened   str    the calls of the run that were ever reopened

  returns
    reopened  by this request, now or when it was sent before
    moved     the run is not FAILED any more, or not as it was read
    missing
]]
--@include shared/fields
--@include shared/fence
--@include shared/v
--@include shared/remember
--@include shared/need

local key, calls, live = unpack(KEYS)
local runId, requestId, seen, slot, call, reopened = unpack(ARGV)

local run = fields(key)
if not run.status then return 'missing' end
if remembers(run.reopenings, requestId) then return 'reopened' end
if run.status ~= 'FAILED' or v(run, run.fence) ~= tonumber(seen) then return 'moved' end

need('PERSIST', key)
need('HDEL', key, 'outcome')
need('ZADD', live, run.createdAt, runId)
if slot ~= '' then redis.call('HSET', calls, slot, call) end
redis.call('HSET', key, 'status', 'QUEUED', 'generation', (run.generation or 0) + 1, 'reopened', reopened,
  'reopenings', remember(run.reopenings, requestId))
redis.call('PERSIST', key)
redis.call('PERSIST', calls)
redis.call('HDEL', key, 'outcome', 'failedSlot', 'settledAt', 'clears', 'unknownAsks')
redis.call('ZADD', live, run.createdAt, runId)
return 'reopened'
