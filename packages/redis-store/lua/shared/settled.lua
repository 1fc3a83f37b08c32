-- The statuses of runs that have ended.
local SETTLED = { SUCCEEDED = true, FAILED = true, CANCELLED = true }
