-- A list of the last 16 values a run moved on from: each on a line of its own, after an empty one.

-- remember(list, value) -> the list with one more
local function remember(list, value)
  local longer = (list or '\n') .. value .. '\n'
  local _, lines = longer:gsub('\n', '\n')
  if lines > 17 then longer = longer:gsub('^\n[^\n]*', '', 1) end
  return longer
end

-- remembers(list, value) -> true when it is on the list
local function remembers(list, value)
  return list and list:find('\n' .. value .. '\n', 1, true) ~= nil
end
