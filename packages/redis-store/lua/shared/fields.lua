-- fields(key, ...) -> the named fields of a hash, as a table; those it lacks are false
local function fields(key, ...)
  local values = redis.call('HMGET', key, ...)
  local named = {}
  for i, name in ipairs({ ... }) do named[name] = values[i] end
  return named
end
