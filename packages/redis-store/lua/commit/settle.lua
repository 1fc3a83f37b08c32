--[[
  settle: ends the run, and tells who listens. A run that succeeded needs its calls no more; the others keep them as long as
  they are kept. From here on both keys have a TTL; a live run has none.

  runId
  status      SUCCEEDED, FAILED or CANCELLED
  outcome     the encoded output or error
  failedSlot  empty for none
  retention   milliseconds
]]
local settledAt

local function settle(run, calls)
  local runId, status, outcome, failedSlot, retention = take(5)
  -- Once a batch will do: all its runs are one user's and one shard's.
  if not settledAt then
    need('HSET', run, 'status', status)
    need('PEXPIRE', run, retention)
    need('UNLINK', calls)
    need('ZREM', live, runId)
    need('PUBLISH', settled, runId)
    settledAt = now()
  end
  endClaim(status)
  change('outcome', outcome)
  change('settledAt', settledAt)
  if failedSlot ~= '' then change('failedSlot', failedSlot) end
  redis.call('PEXPIRE', run, retention)
  if status == 'SUCCEEDED' then redis.call('UNLINK', calls) else redis.call('PEXPIRE', calls, retention) end
  redis.call('ZREM', live, runId)
  redis.call('PUBLISH', settled, runId)
end
