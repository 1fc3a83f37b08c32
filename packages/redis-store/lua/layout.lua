#!lua
--[[
  layout: says how this namespace is laid out, and writes it down where nobody has.

  KEYS[1] layout  hash  version, shards, and what growing has left there

  ARGV[1] version  int  of the layout that docs/redis-layout.md describes
  ARGV[2] shards   int  how many, where nobody has said it yet

  returns
    layout  version:int  shards:int  first:str  former:str  target:str
]]
local layout = KEYS[1]
local version, shards = unpack(ARGV)

local known = redis.call('HMGET', layout, 'version', 'shards', 'first', 'former', 'target')
if known[1] then return { 'layout', unpack(known) } end
redis.call('HSET', layout, 'version', version, 'shards', shards)
return { 'layout', version, shards }
