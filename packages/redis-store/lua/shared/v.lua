-- v(run, fence) -> how often the run has changed: its claims, their groups of writes, and its reopenings
local function v(run, fence)
  local n = 0
  if fence then n = select(2, readFence(fence)) end
  return (run.epoch or 0) + (run.writes or 0) + n + (run.generation or 0)
end
