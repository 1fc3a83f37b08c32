-- now() -> epoch milliseconds by the server's clock, as text
local function now()
  local seconds, microseconds = unpack(redis.call('TIME'))
  return string.format('%d%03d', seconds, math.floor(microseconds / 1000))
end
