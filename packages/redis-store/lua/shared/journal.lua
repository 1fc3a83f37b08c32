-- journal(calls, bytes) -> slot, call, slot, call ...; or `large`, when they are too much for one reply
local function journal(calls, bytes)
  if tonumber(bytes or 0) > 256 * 1024 then return 'large' end
  return redis.call('HGETALL', calls)
end
