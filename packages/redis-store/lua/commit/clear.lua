--[[
  clear: drops the calls of a stretch of slots, for divergence, and counts the clear.

  from, to  the first and the last slot
]]
local function clear(run, calls)
  local from, to = take(2)
  for first = from, to, 1000 do
    local slots = {}
    for slot = first, math.min(first + 999, to) do slots[#slots + 1] = slot end
    redis.call('HDEL', calls, unpack(slots))
  end
  redis.call('HINCRBY', run, 'clears', 1)
end
