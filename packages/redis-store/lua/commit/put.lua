--[[
  put: one numbered group of calls into their slots, as most groups are: started calls, outcomes in their place, outcomes at once
  (append, finalize and record). Nothing is compared but the fence: it says whose slots these are, and that they are written once.

  before, after  the fence, as for write
  slot, bytes    of each call, to the group's end
]]
local function put(run, calls, last)
  local before, after = ARGV[cursor + 1], ARGV[cursor + 2]
  local fence = redis.call('HGET', calls, 'fence') or redis.call('HGET', run, 'fence')
  if fence ~= before then return refusal(fence, after) end
  redis.call('HSET', calls, 'fence', after, unpack(ARGV, cursor + 3, last))
  return 'applied'
end
