--[[
  refusal(run, action, inputDigest, requestId) -> what the request is told when it makes no run; nil when it makes one

  returns
    created                                  by this request, when it was sent before
    existing                                 it was there already: same action, same input
    conflict  action:str  inputDigest:str    the id is taken by this
    moved     shards:str                     the run is not here, and this shard takes new ones by another count: this
]]
local function refusal(run, action, inputDigest, requestId)
  if not isBare then
    local knownAction, request = unpack(redis.call('HMGET', run, 'action', 'request'))
    local knownRequest, knownDigest = (request or ''):match('^(%S*) (.*)$')
    if knownRequest == requestId then return 'created' end
    if knownAction == action and knownDigest == inputDigest then return 'existing' end
    if knownAction then return { 'conflict', knownAction, knownDigest or '' } end
  end
  if placedBy ~= count then return { 'moved', placedBy } end
end
