--[[
  write: one numbered group of a claim's entries, of any kind.

  before, after  the fence: the claim's nonce, and the number of its last group; then of this one, counted from 1
  entries        to the group's end, each with its name first; calls with the number of their operands, then slot and bytes of each
]]
local entry = {
  put = function(_, calls) redis.call('HSET', calls, take(take(1))) end,
  clear = clear,
  settle = settle,
  release = release,
}

local function write(run, calls, last)
  local before, after = take(2)
  local fence = redis.call('HGET', run, 'fence')
  if fence ~= before then return refusal(fence, after) end

  changes = { 'fence', after }
  while cursor < last do entry[take(1)](run, calls) end
  redis.call('HSET', run, unpack(changes))
  return 'applied'
end
