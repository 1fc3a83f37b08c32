#!lua
--[[
  forget: drops the counts by which runs were placed before the namespace grew: nobody looks where only they would any more.

  KEYS[1] layout  hash  version, shards, and what growing has left there

  ARGV[1] former  str  what is to be dropped, as it was read

  returns
    forgotten  by this call, or an earlier one alike
    moved      it grew meanwhile, or grows
]]
local layout = KEYS[1]
local former = ARGV[1]

local known, target = unpack(redis.call('HMGET', layout, 'former', 'target'))
if not known then return 'forgotten' end
if known ~= former or target then return 'moved' end
redis.call('HDEL', layout, 'former')
return 'forgotten'
