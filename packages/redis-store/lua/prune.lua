#!lua flags=allow-oom
--[[
  prune: deletes those of a page of runs that were settled before a moment.

  KEYS[1..]  runs  list  each run and its calls

  ARGV[1]  before  int  epoch milliseconds

  returns
    pruned  count:int
]]
--@include shared/settled

local before = tonumber(ARGV[1])
local count = 0
for i = 1, #KEYS, 2 do
  local status, settledAt = unpack(redis.call('HMGET', KEYS[i], 'status', 'settledAt'))
  if SETTLED[status] and (tonumber(settledAt) or math.huge) < before then
    redis.call('UNLINK', KEYS[i], KEYS[i + 1])
    count = count + 1
  end
end
return { 'pruned', count }
