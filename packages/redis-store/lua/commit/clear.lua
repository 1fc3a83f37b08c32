--[[
  clear: drops the calls of a stretch of slots, for divergence. The clear counts with its group: once, however often that comes.

  from, to  the first and the last slot
]]
local function clear(run, calls)
  local from, to = take(2)
  for first = from, to, 1000 do
    local slots = {}
    for slot = first, math.min(first + 999, to) do slots[#slots + 1] = slot end
    redis.call('HDEL', calls, unpack(slots))
  end
  -- HGET, like the fence: a user who may not run it was refused before anything was written.
  changes.clears = (changes.clears or redis.call('HGET', run, 'clears') or 0) + 1
  change('clears', changes.clears)
end
