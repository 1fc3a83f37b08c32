#!lua
--[[
  create: makes a run, QUEUED and live, unless its id is taken.

  KEYS[1] run    hash  the run
  KEYS[2] calls  hash  its journal: what somebody left there without its run goes
  KEYS[3] live   zset  runs not settled yet, by creation time
  KEYS[4] shards str   by which count of shards this one takes new runs; absent in a namespace that never grew

  ARGV[1] runId        str
  ARGV[2] action       str
  ARGV[3] version      str   empty for none
  ARGV[4] queue        str
  ARGV[5] input        bytes
  ARGV[6] inputDigest  str
  ARGV[7] requestId    str   one per request, however often that is sent
  ARGV[8] delay        str   milliseconds until the first attempt; empty for none
  ARGV[9] priority     str   of the run's job; empty for none
  ARGV[10] count       str   by which the run is placed here, as `shards` has it; empty for absent, `former` to look only

  returns
    created                                  by this request, now or when it was sent before
    existing                                 it was there already: same action, same input
    conflict  action:str  inputDigest:str    the id is taken by this
    moved     shards:str                     the run is not here, and this shard takes new ones by another count: this
]]
--@include shared/now

local run, calls, live, shards = unpack(KEYS)
local runId, action, version, queue, input, inputDigest, requestId, delay, priority, count = unpack(ARGV)

local known = redis.call('HMGET', run, 'action', 'inputDigest', 'requestId')
local knownAction, knownDigest, knownRequest = unpack(known)
if knownRequest == requestId then return 'created' end
if knownAction == action and knownDigest == inputDigest then return 'existing' end
if knownAction then return { 'conflict', knownAction, knownDigest } end
-- Mostly there is neither, and one look tells.
local isNeither = redis.call('EXISTS', calls, shards) == 0
local placedBy = not isNeither and redis.call('GET', shards) or ''
if placedBy ~= count then return { 'moved', placedBy } end

local createdAt = now()
local made = { 'status', 'QUEUED', 'action', action, 'queue', queue, 'input', input, 'inputDigest', inputDigest,
  'requestId', requestId, 'createdAt', createdAt }
local function make(field, value) made[#made + 1], made[#made + 2] = field, value end
if version ~= '' then make('version', version) end
if delay ~= '' then make('notBefore', string.format('%.0f', createdAt + delay)) end
if priority ~= '' then make('priority', priority) end

if not isNeither then redis.call('UNLINK', calls) end
redis.call('ZADD', live, createdAt, runId)
-- Last, for a server that refuses something half-way: a run that is there is live.
redis.call('HSET', run, unpack(made))
return 'created'
