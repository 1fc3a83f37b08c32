--[[
  settle: ends the run, and tells who listens. A run that succeeded needs its calls no more; the others keep them as long as
  they are kept. From here on both keys have a TTL; a live run has none.

  runId
  status      SUCCEEDED, FAILED or CANCELLED
  outcome     the encoded output or error
  failedSlot  empty for none
  retention   milliseconds
]]
local function settle(run, calls)
  local runId, status, outcome, failedSlot, retention = take(5)
  redis.call('ZREM', live, runId)
  redis.call('HSET', run, 'status', status, 'outcome', outcome, 'failedSlot', failedSlot, 'settledAt', now())
  redis.call('PEXPIRE', run, retention)
  if status == 'SUCCEEDED' then redis.call('UNLINK', calls) else redis.call('PEXPIRE', calls, retention) end
  redis.call('PUBLISH', settled, runId)
end
