#!lua
--[[
  list: what a page of live runs needs to have its jobs added again. A name on the page that has no run goes.

  KEYS[1]    live  zset  runs not settled yet, by creation time
  KEYS[2..]  runs  list  the page's runs

  ARGV[1..]  runIds  list  their ids

  returns
    page  runs:list  id, action, version, queue and incarnation of each
]]
local live = KEYS[1]
local page = {}
for i, runId in ipairs(ARGV) do
  local action, version, queue, incarnation =
    unpack(redis.call('HMGET', KEYS[i + 1], 'action', 'version', 'queue', 'incarnation'))
  if action then
    for _, field in ipairs({ runId, action, version, queue, incarnation or 0 }) do page[#page + 1] = field end
  else
    redis.call('ZREM', live, runId)
  end
end
return { 'page', page }
