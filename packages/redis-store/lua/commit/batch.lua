--[[
  commit: one batch of group commit. A group is one run's claim or one run's writes, applied whole or not at all. It starts
  with its kind and how many operands follow; its kind and its entries name these, and take them in turn.

  KEYS[1]    live  zset  runs not settled yet, by creation time
  KEYS[2..]  runs  list  each group's run and that run's calls

  ARGV[1]    settled  str   the channel that hears which runs settled
  ARGV[2..]  groups   list  each group's kind, count, and that many operands

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

local kinds = { claim = claim, put = put, write = write }
local replies, applied = {}, 0

local function carryOut()
  for key = 2, #KEYS, 2 do
    local kind, count = take(2)
    local last = cursor + count
    local reply = kinds[kind](KEYS[key], KEYS[key + 1], last)
    if reply == 'applied' then applied = applied + 1 end
    replies[#replies + 1] = reply
    cursor = last
  end
end

-- What stops a group stops the batch. Redis takes back nothing of the groups before it, so those that ended runs are seen to first.
local isDone, failure = pcall(carryOut)
closeSettled()
if not isDone then error(failure, 0) end
return applied == #replies and 'applied' or replies
