#!lua
--[[
  grow: begins to lay a namespace out over more shards. From now on its runs are looked for by the new count, too.

  KEYS[1] layout  hash  version, shards, and what growing has left there

  ARGV[1] version  int  of the layout that docs/redis-layout.md describes
  ARGV[2] shards   int  how many there are to be

  returns
    growing  shards:int               from so many, by this call or an earlier one alike
    grown                             there are so many already
    fewer    shards:int               there are more already
    busy     target:int               it grows to another count
    other    version:int              it is laid out as another release does
    missing                           nobody has laid it out
]]
local layout = KEYS[1]
local version, shards = unpack(ARGV)

local knownVersion, known, target = unpack(redis.call('HMGET', layout, 'version', 'shards', 'target'))
if not knownVersion then return 'missing' end
if knownVersion ~= version then return { 'other', knownVersion } end
if target and target ~= shards then return { 'busy', target } end
if tonumber(known) > tonumber(shards) then return { 'fewer', known } end
if known == shards then return 'grown' end
redis.call('HSET', layout, 'target', shards)
return { 'growing', known }
