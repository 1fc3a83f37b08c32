#!lua
--[[
  place: has a shard take new runs by another count of shards. Whoever places a run here by an earlier one is told from now on,
  so that a run which is not here by then, and belongs elsewhere by this count, never will be.

  KEYS[1] shards  str  by which count this shard takes new runs

  ARGV[1] count  int  of shards, by which it does from now on

  returns
    placed
    known               it did so already
    later   shards:int  it takes runs by a later count already
]]
local shards = KEYS[1]
local count = ARGV[1]

local known = redis.call('GET', shards)
if known == count then return 'known' end
if known and tonumber(known) > tonumber(count) then return { 'later', known } end
redis.call('SET', shards, count)
return 'placed'
