#!lua flags=no-writes
--[[
  may: which of these commands the user who asks is not allowed. None of them is run.

  ARGV[1..]  commands  list  each with its arguments, parted by single spaces

  returns
    denied  commands:list  as they were given
]]
local denied = {}
for _, command in ipairs(ARGV) do
  local words = {}
  for word in command:gmatch('[^ ]+') do words[#words + 1] = word end
  -- What this server does not know, nobody misses.
  local isKnown, isAllowed = pcall(redis.acl_check_cmd, unpack(words))
  if isKnown and not isAllowed then denied[#denied + 1] = command end
end
return { 'denied', denied }
