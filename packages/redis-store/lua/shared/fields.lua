local absent = { __index = function() return false end }

-- fields(key) -> all fields of a hash, as a table; those it lacks are false
local function fields(key)
  local flat = redis.call('HGETALL', key)
  local named = setmetatable({}, absent)
  for i = 1, #flat, 2 do named[flat[i]] = flat[i + 1] end
  return named
end
