-- What the group at hand changes in its run: field, value, field, value ... Written at once, the fence with it.
local changes

local function change(field, value) changes[#changes + 1], changes[#changes + 2] = field, value end

-- endClaim(status) -> nothing; the run is its claim's no more, and the fence that the group leaves is one that nobody expects
local function endClaim(status)
  changes[2] = changes[2] .. ' over'
  change('status', status)
end
