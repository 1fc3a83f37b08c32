local absent = { __index = function() return false end }

-- fields(key) -> all fields of a run, as a table; those it lacks are false. The field `claim` is taken apart: what its last claim was.
local function fields(key)
  local flat = redis.call('HGETALL', key)
  local run = setmetatable({ queue = 'default' }, absent)
  for i = 1, #flat, 2 do run[flat[i]] = flat[i + 1] end
  if run.claim then
    local epoch, timestamp, started = run.claim:match('^(%d+) (%S+) (%S+)$')
    run.epoch, run.timestamp, run.started = epoch + 0, timestamp, started
  end
  return run
end
