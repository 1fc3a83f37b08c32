--[[
  handOver: gives a run to a claim. Groups of writes count in the fence alone, so the claim after them adds their number to `writes`,
  and keeps in `wrote` that there were any. What one claim after the other is alike in is not written again.

  owner, n  of the claim before, as its fence has them; nil and 0 for none
]]
local function handOver(key, calls, run, owner, n, nonce, timestamp, started, incarnation)
  local epoch = (run.epoch or 0) + 1
  changes = { 'status', 'RUNNING', 'claim', ('%d %s %s'):format(epoch, timestamp, started) }
  if owner then change('nonces', remember(run.nonces, owner)) end
  if n > 0 then
    run.wrote = run.epoch
    change('wrote', run.epoch)
    change('writes', (run.writes or 0) + n)
  end
  if run.timestamp and timestamp ~= run.timestamp then change('timestamps', remember(run.timestamps, run.timestamp)) end
  if incarnation ~= (run.incarnation or '0') then change('incarnation', incarnation) end
  local fence = nonce .. ' 0'
  if not hasCalls then change('fence', fence) end
  redis.call('HSET', key, unpack(changes))
  if hasCalls then redis.call('HSET', calls, 'fence', fence) end
  run.epoch = epoch
end
