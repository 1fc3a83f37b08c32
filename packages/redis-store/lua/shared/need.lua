-- need(command, ...) -> nothing; ends the script unless its user may run the command. Redis takes back nothing of a script that
-- it refuses half-way. A server that cannot be asked has no users to refuse.
local function need(...)
  if not redis.acl_check_cmd or redis.acl_check_cmd(...) then return end
  error(redis.error_reply('NOPERM the user may not run ' .. table.concat({ ... }, ' ', 1, 2) .. ', and nothing was done'))
end
