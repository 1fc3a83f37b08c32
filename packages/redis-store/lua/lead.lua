#!lua
--[[
  lead: makes somebody the leader of a shard for a while, or for a while longer, unless another one is.

  KEYS[1] leader  str  who leads

  ARGV[1] owner  str  random, one per candidate
  ARGV[2] forMs  int  how long, from now

  returns
    leads
    follows  another one leads
]]
local leader = KEYS[1]
local owner, forMs = unpack(ARGV)

local current = redis.call('GET', leader)
if current and current ~= owner then return 'follows' end
redis.call('SET', leader, owner, 'PX', forMs)
return 'leads'
