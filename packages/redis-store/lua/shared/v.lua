-- v(run) -> how often the run has changed: its claims, their groups of writes, and its reopenings
local function v(run)
  local n = 0
  if run.fence then n = select(2, readFence(run.fence)) end
  return (run.epoch or 0) + (run.writes or 0) + n + (run.generation or 0)
end
