#!lua
--[[
  list: what a page of live runs needs to have its jobs added again. A name on the page that has no run goes. Each run is
  nine values: its id, and then the fields below; what it lacks is empty.

  KEYS[1]    live  zset  runs not settled yet, by creation time
  KEYS[2..]  runs  list  the page's runs

  ARGV[1..]  runIds  list  their ids

  returns
    page  runs:list
]]
local live = KEYS[1]
local fields = { 'action', 'version', 'queue', 'status', 'incarnation', 'createdAt', 'notBefore', 'priority' }
local page = {}
for i, runId in ipairs(ARGV) do
  local run = redis.call('HMGET', KEYS[i + 1], unpack(fields))
  if run[1] then
    page[#page + 1] = runId
    run[3] = run[3] or 'default'
    for field = 1, #fields do page[#page + 1] = run[field] or '' end
  else
    redis.call('ZREM', live, runId)
  end
end
return { 'page', page }
