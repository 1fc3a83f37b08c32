--[[
  refusal: why a group of writes that finds another fence than it expects is not applied. What finds the fence as its claim left it
  moves it one number on, so a copy that arrives late is harmless.

  returns
    applied  it was not refused
    same     it was applied before
    gap      a group before it was lost
    fenced   the run is not this claim's
]]
local function refusal(fence, after)
  if not fence then return 'fenced' end
  local owner, seen, isOver = readFence(fence)
  local nonce, n = readFence(after)
  if owner ~= nonce then return 'fenced' end
  if n <= seen then return 'same' end
  return isOver and 'fenced' or 'gap'
end
