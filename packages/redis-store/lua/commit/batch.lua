--[[
  commit: one batch of group commit. A group is one run's claim or one run's writes, applied whole or not at all. Its operands are
  `claim` and what claim takes; `write`, how many follow, and what write takes; or, as most are, how many follow and what put takes.

  KEYS[1]    live  zset  runs not settled yet, by creation time
  KEYS[2..]  runs  list  each group's run and that run's calls

  ARGV[1]    settled  str   the channel that hears which runs settled
  ARGV[2..]  groups   list  each group's operands, which it takes in turn

  returns for each group one of those that claim and refusal name, or `applied` alone: it is what most batches have for all
]]
local live, settled = KEYS[1], ARGV[1]
local cursor = 1

-- take(count) -> the next operands, as many as asked for
local function take(count)
  cursor = cursor + count
  return unpack(ARGV, cursor - count + 1, cursor)
end

--@include shared/now
--@include shared/fields
--@include shared/fence
--@include shared/settled
--@include shared/journal
--@include shared/remember
--@include shared/need
--@include commit/change
--@include commit/hand-over
--@include commit/claim
--@include commit/refusal
--@include commit/put
--@include commit/clear
--@include commit/settle
--@include commit/release
--@include commit/write

local replies, applied = {}, 0

local function carryOut()
  for key = 2, #KEYS, 2 do
    local run, calls, kind, reply = KEYS[key], KEYS[key + 1], take(1), nil
    if kind == 'claim' then
      reply = claim(run, calls)
    else
      local carry, count = put, kind
      if kind == 'write' then carry, count = write, take(1) end
      local last = cursor + count
      reply = carry(run, calls, last)
      cursor = last
    end
    if reply == 'applied' then applied = applied + 1 end
    replies[#replies + 1] = reply
  end
end

-- What stops a group stops the batch. Redis takes back nothing of the groups before it, so those that ended runs are seen to first.
local isDone, failure = pcall(carryOut)
closeSettled()
if not isDone then error(failure, 0) end
return applied == #replies and 'applied' or replies
