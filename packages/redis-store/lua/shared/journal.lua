-- journal(calls) -> slot, call, slot, call ..., the fence among them; or `large`, when they are more than a script should hand out:
-- that takes the server three times as long as a command of its own
local function journal(calls)
  local count = redis.call('HLEN', calls)
  if count == 0 then return {} end
  if count > 257 then return 'large' end
  local bytes = 0
  for _, slot in ipairs(redis.call('HKEYS', calls)) do
    bytes = bytes + redis.call('HSTRLEN', calls, slot)
    if bytes > 256 * 1024 then return 'large' end
  end
  return redis.call('HGETALL', calls)
end
