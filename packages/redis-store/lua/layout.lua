#!lua
--[[
  layout: writes down how this namespace is laid out, or says how it is.

  KEYS[1] layout  hash  version and shards

  ARGV[1] version  int  of the layout that docs/redis-layout.md describes
  ARGV[2] shards   int  how many

  returns
    same                              by this call, or an earlier one alike
    different  version:int  shards:int
]]
local layout = KEYS[1]
local version, shards = unpack(ARGV)

local knownVersion, knownShards = unpack(redis.call('HMGET', layout, 'version', 'shards'))
if not knownVersion then
  redis.call('HSET', layout, 'version', version, 'shards', shards)
elseif knownVersion ~= version or knownShards ~= shards then
  return { 'different', knownVersion, knownShards }
end
return 'same'
