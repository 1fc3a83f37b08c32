--[[
  release: hands the run back. Its nonce stays, so that this group is known when it arrives again; no other passes the fence.

  unknownAsks  how often in a row reconcilers could not say what happened
]]
local function release(run)
  redis.call('HSET', run, 'status', 'QUEUED', 'unknownAsks', take(1))
end
