--[[
  settle: ends the run. One that succeeded needs its calls no more; the others keep them as long as they are kept. From here on
  both keys have a TTL; a live run has none.

  runId
  status      SUCCEEDED, FAILED or CANCELLED
  outcome     the encoded output or error
  failedSlot  empty for none
  retention   milliseconds
]]
local settledAt, settledId
local ended = {}

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
  endClaim(status, calls)
  settledId = runId
  change('outcome', outcome)
  change('settledAt', settledAt)
  if failedSlot ~= '' then change('failedSlot', failedSlot) end
  redis.call('PEXPIRE', run, retention)
  if not hasCalls then return end
  if status == 'SUCCEEDED' then redis.call('UNLINK', calls) else redis.call('PEXPIRE', calls, retention) end
end

-- closeSettled() -> nothing; the runs that the batch settled are live no more, and who listens is told their ids, as a JSON array
local function closeSettled()
  if not ended[1] then return end
  redis.call('ZREM', live, unpack(ended))
  redis.call('PUBLISH', settled, cjson.encode(ended))
end
