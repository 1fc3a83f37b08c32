--[[
  put: one numbered group of calls into their slots, as most groups are: started calls, outcomes in their place, outcomes at once
  (append, finalize and record). Nothing is compared but the fence: it says whose slots these are, and that they are written once.

  before, after  the fence, as for write
  slot, bytes    of each call, to the group's end
]]
local function put(run, calls, last)
  local before, after = take(2)
  local fence = redis.call('HGET', run, 'fence')
  if fence ~= before then return refusal(fence, after) end
  redis.call('HSET', calls, take(last - cursor))
  redis.call('HSET', run, 'fence', after)
  return 'applied'
end
