--[[
  write: one numbered group of a claim's entries, of any kind.

  before, after  the fence: the claim's nonce, and the number of its last group; then of this one, counted from 1
  entries        to the group's end, each with its name first; calls with the number of their operands, then slot and bytes of each
]]
local entry = { clear = clear, settle = settle, release = release }

function entry.put(_, calls)
  hasCalls = true
  redis.call('HSET', calls, take(take(1)))
end

-- leave(run, calls, fence) -> nothing; what the group changed is written down, the fence that it leaves with it
local function leave(run, calls, fence)
  -- Nobody expects a fence that is over: this group is known when it comes again, and no other passes.
  if ending then change('fence', fence .. ' over') elseif not hasCalls then change('fence', fence) end
  if changes[1] then redis.call('HSET', run, unpack(changes)) end
  if SETTLED[ending] then ended[#ended + 1] = settledId end
  if not hasCalls or ending == 'SUCCEEDED' then return end
  if ending then redis.call('HDEL', calls, 'fence') else redis.call('HSET', calls, 'fence', fence) end
end

local function write(run, calls, last)
  local before, after = take(2)
  local known = redis.call('HGET', calls, 'fence')
  local fence = known or redis.call('HGET', run, 'fence')
  if fence ~= before then return refusal(fence, after) end
  -- Somebody deleted the run, and left its calls.
  if known and redis.call('EXISTS', run) == 0 then return 'fenced' end

  changes, ending, hasCalls = {}, nil, known
  while cursor < last do entry[take(1)](run, calls) end
  leave(run, calls, after)
  return 'applied'
end
