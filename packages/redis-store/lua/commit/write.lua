--[[
  write: one numbered group of a claim's entries. The fence comes first, and a copy that arrives late finds its number taken:
  it is harmless. A release or a settlement keeps the nonce and ends the run's being RUNNING: after it nothing passes.

  nonce    the claim's
  n        the group's number, counted from 1 within the claim
  entries  to the group's end, each with its name first

  returns
    applied
    same     it was applied before
    gap      a group before it was lost
    fenced   the run is not this claim's
]]
local entry = { put = put, clear = clear, settle = settle, release = release }

local function write(run, calls, last)
  local nonce, n = take(2)
  local owner, seen, status = unpack(redis.call('HMGET', run, 'nonce', 'n', 'status'))
  if owner ~= nonce then return 'fenced' end
  if n - seen <= 0 then return 'same' end
  if status ~= 'RUNNING' then return 'fenced' end
  if n - seen > 1 then return 'gap' end

  local clears = 0
  while cursor < last do clears = clears + (entry[take(1)](run, calls) or 0) end
  if clears == 0 then
    redis.call('HSET', run, 'n', n)
  else
    -- HMGET, like the fence: a user who may not run it was refused before anything was written.
    local before = redis.call('HMGET', run, 'clears')[1] or 0
    redis.call('HSET', run, 'n', n, 'clears', before + clears)
  end
  return 'applied'
end
