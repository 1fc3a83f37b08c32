-- What the group at hand does to its run: what it changes there, as field, value, field, value ...; the status with which it ends its
-- claim, if it does; and whether the run has calls.
local changes, ending, hasCalls

local function change(field, value) changes[#changes + 1], changes[#changes + 2] = field, value end

-- endClaim(status, calls) -> nothing; the run is its claim's no more
local function endClaim(status, calls)
  need('HDEL', calls, 'fence')
  ending = status
  change('status', status)
end
