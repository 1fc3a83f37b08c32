--[[
  release: hands the run back. Its claim is over: this group is known when it arrives again, and no other passes the fence.

  unknownAsks  how often in a row reconcilers could not say what happened
]]
local function release(_, calls)
  endClaim('QUEUED', calls)
  change('unknownAsks', take(1))
end
