--[[
  put: calls into their slots: a started call, an outcome in its place, or an outcome at once (append, finalize and record).
  Nothing is compared: the nonce and the group's number say whose slots these are, and that they are written once.

  count        of calls
  slot, bytes  of each
]]
local function put(_, calls)
  local count = take(1)
  redis.call('HSET', calls, take(2 * count))
end
