#!lua
--[[
  create: makes runs, QUEUED and live, each unless its id is taken. No two of them have one id.

  KEYS[1]    live    zset  runs not settled yet, by creation time
  KEYS[2]    shards  str   by which count of shards this one takes new runs; absent in a namespace that never grew
  KEYS[3..]  runs    list  each run, and its journal: what somebody left there without its run goes

  ARGV[1]    count   str   by which the runs are placed here, as `shards` has it; empty for absent, `former` to look only
  ARGV[2..]  asked   list  of each run nine values: its id, action, version (empty for none), queue, input, and that one's digest;
    the request's id, one per request, however often that is sent; milliseconds until the first attempt (empty for none); the priority
    of the run's job (empty for none)

  returns for each run `created`, by this request, or what refusal names; or `created` alone: it is what most are told, all of them
]]
local live, shards, count = KEYS[1], KEYS[2], ARGV[1]
local placedBy = redis.call('GET', shards) or ''
-- Mostly none of the runs is there, nor anything left of one, and one look tells.
local isBare = redis.call('EXISTS', unpack(KEYS, 3)) == 0

--@include shared/now
--@include create/refusal

local createdAt = now()
local made, left, listed, replies, created = {}, {}, {}, {}, 0
for key = 3, #KEYS, 2 do
  local first = 2 + 9 * #replies
  local runId, action, version, queue, input, inputDigest, requestId, delay, priority = unpack(ARGV, first, first + 8)
  local reply = refusal(KEYS[key], action, inputDigest, requestId)
  if not reply then
    reply = 'created'
    local run = { KEYS[key], 'status', 'QUEUED', 'action', action, 'input', input,
      'request', requestId .. ' ' .. inputDigest, 'createdAt', createdAt }
    local function make(field, value) run[#run + 1], run[#run + 2] = field, value end
    if queue ~= 'default' then make('queue', queue) end
    if version ~= '' then make('version', version) end
    if delay ~= '' then make('notBefore', string.format('%.0f', createdAt + delay)) end
    if priority ~= '' then make('priority', priority) end
    made[#made + 1], left[#left + 1] = run, KEYS[key + 1]
    listed[#listed + 1], listed[#listed + 2] = createdAt, runId
  end
  if reply == 'created' then created = created + 1 end
  replies[#replies + 1] = reply
end

if #made > 0 then
  if not isBare then redis.call('UNLINK', unpack(left)) end
  redis.call('ZADD', live, unpack(listed))
  -- Last, for a server that refuses something half-way: a run that is there is live.
  for _, run in ipairs(made) do redis.call('HSET', unpack(run)) end
end
return created == #replies and 'created' or replies
