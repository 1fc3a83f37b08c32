#!lua
--[[
  grown: ends what `grow` began, once every shard takes new runs by the new count.

  KEYS[1] layout  hash  version, shards, and what growing has left there

  ARGV[1] shards  int  how many there are now

  returns
    grown  by this call, or an earlier one alike
    moved  it does not grow to that
]]
local layout = KEYS[1]
local shards = ARGV[1]

local known, first, former, target = unpack(redis.call('HMGET', layout, 'shards', 'first', 'former', 'target'))
if known == shards and not target then return 'grown' end
if target ~= shards then return 'moved' end
former = (former and former ~= '') and former .. ' ' .. known or known
-- First, for a server that refuses something half-way: what is not begun any more can be begun again.
redis.call('HDEL', layout, 'target')
redis.call('HSET', layout, 'shards', shards, 'first', first or known, 'former', former)
return 'grown'
